import { type Duration, durationMs } from "../shared/duration.ts";
import { RhythmError } from "../shared/error.ts";
import {
  type AnyTask,
  type AnyWorkflow,
  describe,
  InvalidOptionError,
  isTask,
  isWorkflow,
  type Logger,
  refuseUnknown,
} from "../define/mod.ts";
import type { WorkerObserver } from "../worker/loop/observer.ts";
import type { FlowInput } from "./flow_sources.ts";
import type { LogOptions } from "./log.ts";

/** What an application is made of. */
export interface InitOptions {
  /**
   * Where the database is: `postgres://…`; a directory for the embedded database, or `memory://` for one that is
   * gone with the process. Default: `RHYTHM_DATABASE_URL`, else the embedded database in `.rhythm/`.
   */
  databaseUrl?: string;
  /** Flows to register: directories, `.flow` files, `{ name, source }`. */
  flows?: readonly FlowInput[];
  /** The tasks that workers of this application run. */
  tasks?: readonly AnyTask[];
  /** The code-first workflows that workers of this application run: made by `workflow()` of `@rhythm/core/steps`. */
  workflows?: readonly AnyWorkflow[];
  /** Install or upgrade the schema when it is not up to date. Default: true. */
  autoMigrate?: boolean;
  /** The schema that Rhythm lives in. Default: `rhythm`. */
  schema?: string;
  /** How to log, or a logger of your own. */
  log?: LogOptions | Logger;
  /** How many connections client calls may use at once. Default: 5. */
  poolSize?: number;
}

/** How a worker works. */
export interface WorkerOptions {
  /** The queues it serves. Default: `default` and the queues that its tasks and flows name. */
  queues?: readonly string[];
  /** How many handlers may run at once. Default: 100. */
  concurrency?: number;
  /** How many transactional tasks may run at once, each on a connection of its own. Default: 5. */
  transactionalConcurrency?: number;
  /** Serves HTTP on this port: health, readiness, metrics, API. 0 takes any that is free. Default: no HTTP. */
  port?: number;
  /** The address to listen on. Default: `127.0.0.1`. */
  hostname?: string;
  /** What a caller of the API must bring. Default: `RHYTHM_TOKEN`, else one made by chance: `worker.token`. */
  token?: string;
  /** How long running handlers may take to finish at shutdown. Default: 30 s. */
  grace?: Duration;
  /** How long a worker may be silent before others take its work over. Default: 15 s. */
  lease?: Duration;
  /** The name that lists show. Default: host and process. */
  name?: string;
  /** Hears what the worker does, execution by execution. */
  observer?: WorkerObserver;
}

const INIT_KEYS = ["databaseUrl", "flows", "tasks", "workflows", "autoMigrate", "schema", "log", "poolSize"];
const WORKER_KEYS = [
  "queues",
  "concurrency",
  "transactionalConcurrency",
  "port",
  "hostname",
  "token",
  "grace",
  "lease",
  "name",
  "observer",
];

/** Checks what `Rhythm.init()` was given. */
export function checkInitOptions(options: InitOptions): void {
  const where = "Rhythm.init()";
  refuseUnknown(options, INIT_KEYS, where);
  expect(options.databaseUrl, "databaseUrl", isText, "a database URL such as postgres://user@host/db", where);
  expect(
    options.flows,
    "flows",
    Array.isArray,
    "an array of directories, .flow files and { name, source }",
    where,
  );
  expect(options.tasks, "tasks", Array.isArray, "an array of tasks made by task()", where);
  expect(options.autoMigrate, "autoMigrate", (value) => typeof value === "boolean", "true or false", where);
  expect(options.schema, "schema", isText, "the name of a schema", where);
  expect(options.poolSize, "poolSize", isPositive, "a whole number of at least 1", where);
  expect(options.workflows, "workflows", Array.isArray, "an array of workflows made by workflow()", where);
  checkMade(options.tasks ?? [], { option: "tasks", what: "task", isMade: isTask });
  checkMade(options.workflows ?? [], { option: "workflows", what: "workflow", isMade: isWorkflow });
}

function checkMade(
  given: readonly { readonly name: string }[],
  expected: { option: string; what: string; isMade: (value: unknown) => boolean },
): void {
  const { option, what, isMade } = expected;
  const names = new Set<string>();
  for (const [index, made] of given.entries()) {
    if (!isMade(made)) {
      throw wrong(`${option}[${index}]`, `a ${what} made by ${what}()`, made, "Rhythm.init()");
    }
    if (names.has(made.name)) {
      throw new InvalidOptionError(
        option,
        `Rhythm.init(): two ${what}s are named "${made.name}"; a name stands for one ${what}`,
      );
    }
    names.add(made.name);
  }
}

/** Checks what `rhythm.worker()` was given. */
export function checkWorkerOptions(options: WorkerOptions): void {
  const where = "rhythm.worker()";
  refuseUnknown(options, WORKER_KEYS, where);
  const isQueues = (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.every(isText);
  expect(options.queues, "queues", isQueues, "an array with at least one queue's name", where);
  expect(options.concurrency, "concurrency", isPositive, "a whole number of at least 1", where);
  expect(
    options.transactionalConcurrency,
    "transactionalConcurrency",
    isPositive,
    "a whole number of at least 1",
    where,
  );
  expect(options.port, "port", isPort, "a port from 0 to 65535", where);
  expect(options.hostname, "hostname", isText, "a host name or address", where);
  expect(options.token, "token", isText, "a text that is not empty", where);
  expect(options.observer, "observer", (value) => typeof value === "function", "a function", where);
  expect(options.name, "name", isText, "a text that is not empty", where);
  for (const option of ["grace", "lease"] as const) {
    if (options[option] !== undefined) checkDuration(options[option], option, where);
  }
  if (options.lease !== undefined && durationMs(options.lease) < 1_000) {
    throw wrong("lease", "at least one second", options.lease, where);
  }
}

function expect(
  value: unknown,
  option: string,
  holds: (value: unknown) => boolean,
  expected: string,
  where: string,
): void {
  if (value !== undefined && !holds(value)) throw wrong(option, expected, value, where);
}

function wrong(option: string, expected: string, value: unknown, where: string): InvalidOptionError {
  return new InvalidOptionError(option, `${where}: "${option}" must be ${expected}, not ${describe(value)}`);
}

function checkDuration(value: Duration, option: string, where: string): void {
  try {
    durationMs(value);
  } catch (error) {
    if (!(error instanceof RhythmError)) throw error;
    throw new InvalidOptionError(option, `${where}: "${option}": ${error.message}`);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isPositive(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}
