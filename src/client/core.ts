import type { Database, Queryable, Row } from "../db/database.ts";
import { createMany, readExecutions, type StoredExecution, watchExecutions } from "../db/calls/executions.ts";
import type { Home } from "../db/calls/home.ts";
import type {
  Execution,
  ExecutionType,
  SqlRunner,
  StartOptions,
  Telemetry,
  WaitOptions,
} from "../define/mod.ts";
import { isTransient, translate } from "./translate.ts";
import { idOf, toCreate } from "./request.ts";
import { Waiters } from "./waiters.ts";

/** What the services of one application share. */
export class ClientCore {
  /** Where the engine lives. */
  readonly home: Home;
  /** Who waits for ends. */
  readonly waiters: Waiters;
  readonly #database: Database;
  readonly #telemetry: Telemetry | undefined;
  #listening: Promise<() => Promise<void>> | undefined;

  /** @param database the database @param schema the engine's schema @param telemetry tracing, if somebody collects it */
  constructor(database: Database, schema: string, telemetry?: Telemetry) {
    this.home = { on: database, schema };
    this.#database = database;
    this.#telemetry = telemetry;
    this.waiters = new Waiters({
      read: (ids) => readExecutions(this.home, ids),
      watch: async (ids) => {
        await this.#listen();
        await watchExecutions(this.home, ids);
      },
      isTransient,
    });
  }

  /** The engine as seen from the caller's transaction, if he gave one. */
  within(sql: SqlRunner | undefined): Home {
    return sql === undefined ? this.home : { on: joined(sql), schema: this.home.schema };
  }

  /** Starts one execution; gives its id. */
  async start(
    type: ExecutionType,
    target: string,
    inputs: unknown,
    options: StartOptions,
    where: string,
  ): Promise<string> {
    if (this.#telemetry === undefined) {
      return await this.#create(toCreate({ type, target, inputs, options }, where), options);
    }
    const attributes = { "rhythm.target": target, "rhythm.type": type };
    return await this.#telemetry.span(
      { name: `start ${target}`, kind: "producer", attributes },
      async (traceparent) => {
        return await this.#create(toCreate({ type, target, inputs, options, traceparent }, where), options);
      },
    );
  }

  /** Starts many in one call: all of them or none. */
  async createAll(elements: readonly string[], sql: SqlRunner | undefined): Promise<string[]> {
    if (elements.length === 0) return [];
    return await translate(() => createMany(this.within(sql), `[${elements.join(",")}]`));
  }

  /** Waits for the end of an execution. */
  async wait(id: string, options?: WaitOptions): Promise<Execution> {
    return await this.waiters.wait(idOf(id), options);
  }

  /** Ends all waiting and listening. */
  async close(): Promise<void> {
    this.waiters.close();
    const unlisten = await this.#listening?.catch(() => undefined);
    await unlisten?.().catch(() => {});
  }

  async #create(element: string, options: StartOptions): Promise<string> {
    const [id] = await this.createAll([element], options.sql);
    return id!;
  }

  async #listen(): Promise<void> {
    this.#listening ??= this.#database.listen(`${this.home.schema}_done`, {
      onNotify: (id) => this.waiters.notify(id),
    });
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }
}

/** An execution as it is stored is an execution as it is shown. */
export function shown(stored: StoredExecution): Execution {
  return stored;
}

function joined(sql: SqlRunner): Queryable {
  const prepared = sql.unsafe as (
    text: string,
    params: unknown[],
    options: { prepare: boolean },
  ) => PromiseLike<unknown>;
  return {
    query: async <R = Row>(text: string, params: readonly unknown[] = []) => {
      return await prepared.call(sql, text, [...params], { prepare: true }) as R[];
    },
    script: async (text) => {
      await sql.unsafe(text);
    },
  };
}
