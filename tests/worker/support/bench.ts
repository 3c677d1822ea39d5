import { systemClock } from "../../../src/runtime/clock.ts";
import { flowRuntime } from "../../../src/app/flow_runtime.ts";
import { registerFlow } from "../../../src/db/calls/flows.ts";
import type { Database } from "../../../src/db/database.ts";
import { type AnyTask, type Logger, task } from "../../../src/define/mod.ts";
import { compileFlow } from "../../../src/flow/mod.ts";
import type { JsonObject, JsonValue } from "../../../src/shared/json.ts";
import { sqlOptions } from "../../../src/shared/options.ts";
import type { WorkerEvent } from "../../../src/worker/loop/observer.ts";
import { sqlEngine } from "../../../src/worker/engine/sql_engine.ts";
import { Worker, type WorkerParts } from "../../../src/worker/loop/worker.ts";
import { freshDatabase, type FreshOptions, type TestDatabase } from "../../support/database.ts";
import { until } from "../../support/until.ts";

/** What a test's worker is, or does otherwise. */
export interface BenchOptions
  extends Partial<Omit<WorkerParts, "engine" | "tasks">>, Pick<FreshOptions, "leaves"> {
  /** The tasks it claims. Default: those it has. */
  readonly targets?: readonly string[];
  /** Told of the statements that the worker runs. */
  readonly onStatement?: (text: string, params: readonly unknown[]) => void;
}

const CLAIM = "select rhythm.exchange($1, 1, '[]', '{\"limit\": 100}')";

/** A worker at work on a database of its own. */
export class Bench implements AsyncDisposable {
  /** The worker. */
  readonly worker: Worker;
  /** Ends with it. */
  readonly running: Promise<void>;
  /** What it logged: `level: message`. */
  readonly lines: string[] = [];
  /** What its observer heard. */
  readonly events: WorkerEvent[] = [];
  /** The database. */
  readonly place: TestDatabase;

  /** Made by {@linkcode bench}. */
  constructor(place: TestDatabase, tasks: readonly AnyTask[], options: BenchOptions) {
    this.place = place;
    const { targets = tasks.map((made) => made.name), leaseMs = 15_000, onStatement, ...parts } = options;
    const database = onStatement === undefined ? place.database : overheard(place.database, onStatement);
    const { schema } = place;
    this.worker = workerOn(database, { schema, targets }, {
      tasks,
      leaseMs,
      logger: noting(this.lines),
      observer: (event) => this.events.push(event),
      ...parts,
    });
    this.running = this.worker.run();
    // The tests that make it end badly look at it themselves.
    this.running.catch(() => {});
  }

  /** Runs a statement. */
  async query(text: string, ...params: unknown[]): Promise<JsonObject[]> {
    return await this.place.database.query<JsonObject>(text, params);
  }

  /** Queues a task; gives the execution's id. */
  async add(target: string, inputs: JsonValue = null): Promise<string> {
    const [row] = await this.query("select rhythm.queue($1, $2) as id", target, JSON.stringify(inputs));
    return row!.id as string;
  }

  /** Registers a flow and starts it; gives the execution's id. */
  async start(name: string, source: string): Promise<string> {
    const { program, diagnostics } = compileFlow({ name: `${name}.flow`, source });
    if (program === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
    const engine = { on: this.place.database, schema: this.place.schema };
    await registerFlow(engine, {
      name,
      source,
      program: JSON.stringify(program),
      inputSchema: null,
      options: "{}",
      deploy: null,
      description: null,
    });
    const [row] = await this.query("select rhythm.start($1) as id", name);
    return row!.id as string;
  }

  /** An execution as it is now. */
  async get(id: string): Promise<JsonObject> {
    const [row] = await this.query("select rhythm.get($1) as execution", id);
    return row!.execution as JsonObject;
  }

  /** What became of all executions, oldest first: `target status output`. */
  async fates(): Promise<string[]> {
    const rows = await this.query(
      "select concat_ws(' ', e.target, e.status, e.output) as fate from rhythm.executions as e order by e.id",
    );
    return rows.map((row) => String(row.fate));
  }

  /** Waits until so many executions have ended. */
  async ended(count: number): Promise<void> {
    await until(async () => (await this.#count("completed_at is not null")) >= count);
  }

  /** Waits until the worker has gone to sleep, and the engine knows. */
  async asleep(): Promise<void> {
    await until(async () => (await this.query("select from rhythm.worker where sleeping")).length > 0);
  }

  /** The ids of the workers that are registered now. */
  async registered(): Promise<string[]> {
    return (await this.query("select w.id from rhythm.worker as w")).map((row) => row.id as string);
  }

  /** Another worker, without a process: what it claims stays with it. */
  async rival(): Promise<string> {
    const [row] = await this.query("select rhythm.register_worker(null, p_name => 'rival') as id");
    return row!.id as string;
  }

  /** Another worker claims what is ready. */
  async claimAs(worker: string): Promise<void> {
    await this.query(CLAIM, worker);
  }

  /** The worker is taken for dead, as after a pause that was longer than its lease; gives its former id. */
  async giveUp(): Promise<string> {
    const [id] = await this.registered();
    await this.query("select rhythm.stop_worker($1)", id);
    return id!;
  }

  /** The worker is taken for dead, and a rival has its work before it begins anew; gives the ids of both. */
  async giveUpTo(): Promise<{ former: string; rival: string }> {
    const [former] = await this.registered();
    const rival = await this.rival();
    await this.place.database.transaction(async ({ query }) => {
      await query("select rhythm.stop_worker($1)", [former!]);
      await query(CLAIM, [rival]);
    });
    return { former: former!, rival };
  }

  async #count(condition: string): Promise<number> {
    const [row] = await this.query(`select count(*)::integer as n from rhythm.executions where ${condition}`);
    return row!.n as number;
  }

  /** Stops the worker; the engine's data must be sound then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.stop();
    await this.place[Symbol.asyncDispose]();
  }
}

/** A worker of a database: small, impatient and quiet. */
export function workerOn(
  database: Database,
  about: { schema: string; targets: readonly string[] },
  parts: Partial<WorkerParts> & Pick<WorkerParts, "tasks">,
): Worker {
  const leaseMs = parts.leaseMs ?? 15_000;
  return new Worker({
    engine: sqlEngine({
      ...about,
      main: database,
      beats: database,
      transactional: database,
      name: "bench",
      queues: ["default"],
      leaseMs,
      runsCode: false,
    }),
    runtime: flowRuntime,
    clock: systemClock,
    logger: noting([]),
    concurrency: 10,
    transactions: 2,
    graceMs: 1_000,
    pollMs: 100,
    maxOutputBytes: 1_000,
    ...parts,
    leaseMs,
  });
}

/** Starts a worker of these tasks on a fresh database. */
export async function bench(tasks: readonly AnyTask[], options: BenchOptions = {}): Promise<Bench> {
  const { leaves, ...rest } = options;
  const place = await freshDatabase({ leaves });
  const declared = tasks.map(({ name, definition }) => ({
    name,
    ...sqlOptions({ retry: definition.options.retry }),
  }));
  await place.database.query("select rhythm.register_tasks($1::text::jsonb)", [JSON.stringify(declared)]);
  return new Bench(place, tasks, rest);
}

/** A task that runs until it is told to stop. */
export const patient: AnyTask = task(
  { name: "patient" },
  (_: null, ctx) =>
    new Promise((_resolve, reject) => {
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
    }),
);

// The database itself: its statements are told, and run.
function overheard(database: Database, tell: NonNullable<BenchOptions["onStatement"]>): Database {
  return {
    kind: database.kind,
    url: database.url,
    query: (text, params = []) => {
      tell(text, params);
      return database.query(text, params);
    },
    script: (text) => database.script(text),
    transaction: (work) => database.transaction(work),
    listen: (channel, options) => database.listen(channel, options),
    close: () => database.close(),
  };
}

function noting(lines: string[]): Logger {
  const line = (level: string) => (message: string): unknown => lines.push(`${level}: ${message}`);
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
