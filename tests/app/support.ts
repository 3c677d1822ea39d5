import { systemClock } from "../../src/runtime/clock.ts";
import { type InitOptions, type Logger, Rhythm, type WorkerOptions } from "../../mod.ts";
import type { AppWorker } from "../../mod.ts";
import { readFlowSources } from "../../src/app/flow_sources.ts";
import { assemble } from "../../src/app/rhythm.ts";
import type { Database } from "../../src/db/database.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";

/** An application on a database of its own. */
export interface TestApp extends AsyncDisposable {
  /** The application. */
  rhythm: Rhythm;
  /** Its database. */
  database: TestDatabase;
  /** What it logged: `level: message`. */
  lines: string[];
  /** Starts a worker; it is stopped with the application. */
  work(options?: WorkerOptions): AppWorker;
}

/** Makes an application on a fresh database. */
export async function testApp(options: InitOptions = {}): Promise<TestApp> {
  const database = await freshDatabase();
  const lines: string[] = [];
  const line = (level: string) => (message: string, fields: object = {}): void => {
    lines.push(`${level}: ${message}${"error" in fields ? ` (${String(fields.error)})` : ""}`);
  };
  const log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const rhythm = onEmbedded ? await within(database, { log, ...options }) : await Rhythm.init({
    databaseUrl: database.url,
    listenUrl: database.direct,
    autoMigrate: false,
    log,
    ...options,
  });
  const running: Promise<void>[] = [];
  return {
    rhythm,
    database,
    lines,
    work: (workerOptions = {}) => {
      const worker = rhythm.worker(workerOptions);
      running.push(worker.run());
      return worker;
    },
    [Symbol.asyncDispose]: async () => {
      await rhythm.close();
      await Promise.all(running);
      await database[Symbol.asyncDispose]();
    },
  };
}

// The embedded database has one session, which the test and the application share.
async function within({ database, schema }: TestDatabase, options: InitOptions): Promise<Rhythm> {
  const { tasks = [], workflows = [], flows = [], log } = options;
  const lent: Database = {
    kind: database.kind,
    url: database.url,
    query: (text, params) => database.query(text, params),
    script: (text) => database.script(text),
    transaction: (work) => database.transaction(work),
    listen: (channel, ears) => database.listen(channel, ears),
    close: () => Promise.resolve(),
  };
  const place = { kind: "embedded" as const, at: "memory://" };
  const parts = {
    clock: systemClock,
    place,
    database: lent,
    schema,
    tasks,
    workflows,
    logger: log as Logger,
  };
  return await assemble(parts, await readFlowSources(flows));
}

export { onEmbedded };
