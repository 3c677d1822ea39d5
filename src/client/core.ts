import { channelName } from "../db/channels.ts";
import type { Database, Queryable, Row } from "../db/database.ts";
import {
  createEach,
  createMany,
  readExecutions,
  type Started,
  watchExecutions,
} from "../db/calls/executions.ts";
import type { EngineRef } from "../db/calls/engine_ref.ts";
import { EngineError } from "../db/errors.ts";
import { NamedDatabase } from "../db/named.ts";
import {
  ABORT_SIGNAL,
  checkShape,
  ClosedError,
  DURATION,
  type Execution,
  type ExecutionRef,
  type Shape,
  type Telemetry,
  type Transaction,
  Uuids,
  type WaitOptions,
  type WatchOptions,
} from "../define/mod.ts";
import type { Clock } from "../runtime/clock.ts";
import { Asks } from "./asks.ts";
import { Channel } from "./channel.ts";
import { type Element, idOf, isKeyed, requestsText, type StartRequest, toCreate } from "./request.ts";
import { isPassing } from "../db/error_kind.ts";
import { WaitTimeoutError } from "./errors.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import { retried } from "./retry.ts";
import { statementsIn } from "../shared/transaction.ts";
import { Waiters } from "./waiters.ts";
import { watch } from "./watch.ts";

/** What a client needs. */
export interface CoreParts {
  /** The database. */
  readonly database: Database;
  /** The engine's schema. */
  readonly schema: string;
  /** Time and chance. */
  readonly clock: Clock;
  /** Tracing, if it is collected. */
  readonly telemetry?: Telemetry | undefined;
}

const WAIT: Shape = { timeout: DURATION, signal: ABORT_SIGNAL };
const WATCH: Shape = { ...WAIT, every: DURATION };

/** Checks how long to wait. */
export function checkWait(options: WaitOptions | undefined, where: string, argument = "options"): void {
  if (options !== undefined) checkShape(options, WAIT, { where, argument });
}

/** What the services of one application share. */
export class ClientCore {
  /** Where the engine lives. */
  readonly engine: EngineRef;
  /** Who waits for ends. */
  readonly waiters: Waiters<Execution>;
  /** Who waits for answers. */
  readonly asks: Asks;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry | undefined;
  readonly #done: Channel;
  readonly #progress: Channel;
  readonly #closed: AbortController;
  readonly #parts: CoreParts;
  readonly #uuids: Uuids;

  /**
   * @param parts the database, the engine's schema, the clock, and tracing, if somebody collects it
   * @param shared the core whose waiting and listening this one shares, and with which it is closed
   */
  constructor(parts: CoreParts, shared?: ClientCore) {
    const { database, schema, clock, telemetry } = parts;
    this.#parts = parts;
    this.engine = { on: database, schema };
    this.#clock = clock;
    this.#uuids = new Uuids(clock);
    this.#telemetry = telemetry;
    this.#closed = shared === undefined ? new AbortController() : shared.#closed;
    this.asks = new Asks({
      engine: this.engine,
      clock,
      hear: (ids) => this.#hearOf(ids),
      retried: (call) => this.retried(call),
      newId: () => this.newId(),
    }, shared?.asks);
    if (shared !== undefined) {
      this.waiters = shared.waiters;
      this.#done = shared.#done;
      this.#progress = shared.#progress;
      return;
    }
    this.waiters = new Waiters({
      clock,
      read: (ids) => readExecutions(this.engine, ids),
      watch: (ids) => this.#hearOf(ids),
      isTransient: isPassing,
      missing: (id) => ExecutionNotFoundError.of(id),
      late: (id, seconds) => new WaitTimeoutError(id, seconds),
    });
    this.#done = new Channel(database, {
      name: channelName(schema, "done"),
      onNews: (id) => {
        this.waiters.notify(id);
        this.asks.notify(id);
      },
    });
    this.#progress = new Channel(database, { name: channelName(schema, "progress") });
  }

  /** The same for one person, under whose name acts are recorded. */
  as(by: string): ClientCore {
    return new ClientCore({ ...this.#parts, database: new NamedDatabase(this.#parts.database, by) }, this);
  }

  /** The time, in milliseconds since 1970. */
  now(): number {
    return this.#clock.now();
  }

  /** An id for a new execution, by the clock of this client. */
  newId(): string {
    return this.#uuids.next();
  }

  /** Makes a call, and again if what went wrong passes. */
  async retried<T>(call: () => Promise<T>): Promise<T> {
    const { signal } = this.#closed;
    signal.throwIfAborted();
    try {
      return await retried(this.#clock, call);
    } catch (error) {
      // Its connection was closed under it.
      if (signal.aborted && !(error instanceof EngineError)) {
        throw new ClosedError("The application", { cause: error });
      }
      throw error;
    }
  }

  /** The engine as seen from the caller's transaction, if he gave one. */
  within(sql: Transaction | undefined): EngineRef {
    return sql === undefined ? this.engine : { on: joined(sql), schema: this.engine.schema };
  }

  /** Starts one execution. `where` is what was called, for the sentences. */
  async start(request: StartRequest, where: string, also?: Shape): Promise<Started> {
    if (this.#telemetry === undefined) return await this.#create(request, where, also);
    const attributes = { "rhythm.target": request.target, "rhythm.type": request.type };
    return await this.#telemetry.span(
      { name: `start ${request.target}`, kind: "producer", attributes },
      async (traceparent) => await this.#create({ ...request, traceparent }, where, also),
    );
  }

  /** Starts one execution and waits for its end. */
  async run(request: StartRequest, where: string, wait?: WaitOptions): Promise<Execution> {
    // A key may stand for what nobody watches yet; a caller's transaction may stay open for long.
    checkWait(wait, where, "wait");
    const { sql } = request.options;
    if (isKeyed(request.options) || sql !== undefined || !await this.#hearsEnds()) {
      return await this.wait(await this.start(request, where), wait, where);
    }
    const heard = this.waiters.expect();
    try {
      const { id } = await this.start({ ...request, notifyOnEnd: true }, where);
      return await this.waiters.wait(id, wait, heard);
    } finally {
      heard.forget();
    }
  }

  /** Starts many in one call: all of them or none. `keyed`: some of them have keys, which others may have. */
  async createAll(
    elements: readonly Element[],
    options: { sql: Transaction | undefined; keyed: boolean },
  ): Promise<Started[]> {
    if (elements.length === 0) return [];
    const engine = this.within(options.sql);
    const requests = requestsText(elements);
    if (options.keyed) return await this.retried(() => createEach(engine, requests));
    return (await this.retried(() => createMany(engine, requests))).map((id) => ({ id, created: true }));
  }

  /** Waits for the end of an execution. */
  async wait(ref: ExecutionRef, options: WaitOptions | undefined, where: string): Promise<Execution> {
    const id = idOf(ref);
    checkWait(options, where);
    return await this.waiters.wait(id, options);
  }

  /** An execution each time that it has changed. */
  watch(ref: ExecutionRef, options: WatchOptions | undefined, where: string): AsyncIterable<Execution> {
    const id = idOf(ref);
    if (options !== undefined) checkShape(options, WATCH, { where });
    const source = {
      clock: this.#clock,
      read: async (id: string) => (await readExecutions(this.engine, [id]))[0],
      hear: (id: string, onNews: () => void) => this.#hear(id, onNews),
      isTransient: isPassing,
      closed: this.#closed.signal,
    };
    return watch(source, id, options);
  }

  /** Ends all waiting, watching and listening. */
  async close(): Promise<void> {
    this.waiters.close();
    this.asks.close();
    this.#closed.abort(new ClosedError("The application"));
    await Promise.all([this.#done.close(), this.#progress.close()]);
  }

  async #create(request: StartRequest, where: string, also: Shape | undefined): Promise<Started> {
    const element = toCreate(request, where, also);
    const { sql } = request.options;
    const [started] = await this.createAll([element], {
      sql,
      keyed: isKeyed(request.options),
    });
    return started!;
  }

  async #hearOf(ids: readonly string[]): Promise<void> {
    await this.#done.open();
    await watchExecutions(this.engine, ids);
  }

  async #hearsEnds(): Promise<boolean> {
    try {
      await this.#done.open();
      return true;
    } catch {
      return false;
    }
  }

  async #hear(id: string, onNews: () => void): Promise<() => void> {
    const ends = [this.#done.hear(id, onNews), this.#progress.hear(id, onNews)];
    const deafen = (): void => ends.forEach((end) => end());
    try {
      await Promise.all([this.#done.open(), this.#progress.open()]);
      await watchExecutions(this.engine, [id]);
    } catch (error) {
      deafen();
      throw error;
    }
    return deafen;
  }
}

function joined(transaction: Transaction): Queryable {
  const run = statementsIn(transaction)!;
  return {
    query: async <R = Row>(text: string, params: readonly unknown[] = []) => await run(text, params) as R[],
    script: async (text) => void await run(text, []),
  };
}
