import { type Duration, durationMs } from "../shared/duration.ts";
import {
  type AnyTask,
  type AnyWorkflow,
  BOOLEAN,
  checkArgument,
  checkShape,
  COUNT,
  describe,
  DURATION,
  FUNCTION,
  InvalidOptionError,
  isTask,
  isWorkflow,
  type Logger,
  NAMES,
  type OwnType,
  type Shape,
  TEXT,
} from "../define/mod.ts";
import type { WorkerObserver } from "../worker/loop/observer.ts";
import { DEPLOY } from "../client/deploy.ts";
import type { FlowInput } from "./flow_sources.ts";
import { checkLogOptions, isLogger, type LogOptions } from "./log.ts";

/** What an application is made of. */
export interface InitOptions {
  /**
   * Where the database is: `postgres://…`; a directory for the embedded database, or `memory://` for one that is
   * gone with the process. Default: `RHYTHM_DATABASE_URL`, else the embedded database in `.rhythm/`.
   */
  databaseUrl?: string;
  /**
   * Where notifications are heard, if `databaseUrl` leads to a pooler in transaction mode: the address of the server itself, or of a
   * pooler in session mode. Default: `RHYTHM_LISTEN_DATABASE_URL`. Without one, a worker behind such a pooler asks for work instead.
   */
  listenUrl?: string;
  /** Flows to register: directories, `.flow` files, `{ name, source }`. */
  flows?: readonly FlowInput[];
  /** The tasks that workers of this application run. */
  tasks?: readonly AnyTask[];
  /** The workflows in TypeScript that workers of this application run: made by `workflow()` of `@rhythm/core/steps`. */
  workflows?: readonly AnyWorkflow[];
  /** Install or upgrade the schema when it is not up to date. Default: true. */
  autoMigrate?: boolean;
  /** The schema that Rhythm lives in. Default: `rhythm`. */
  schema?: string;
  /** How to log, or a logger of your own. */
  log?: LogOptions | Logger;
  /**
   * Which deploy this program is of: an id that all programs of the deploy share, or the time when it began. Flows of an
   * older deploy do not become current again. Default: `RHYTHM_DEPLOY`; without it, only texts that are new become current.
   */
  deploy?: string | Date;
  /**
   * The environment that workers of this application belong to, such as `production`. A database that belongs to another one, as a
   * copy of production does in staging, is left alone. Default: `RHYTHM_ENVIRONMENT`.
   */
  environment?: string;
  /** How many connections client calls may use at once. Default: 5. */
  poolSize?: number;
  /** What a caller of the API must bring. Default: `RHYTHM_TOKEN`, else a random one: `rhythm.token`. */
  token?: string;
}

/** What `rhythm.adopt()` may say. */
export interface AdoptOptions {
  /** The name of the environment to which the database belongs from now on. Default: that of the application. */
  environment?: string;
  /** The server was upgraded with pg_upgrade: refuse if more than that differs. Default: false. */
  upgraded?: boolean;
}

/** Where a server has put Rhythm. */
export interface FetchOptions {
  /** The path before all of its paths, such as `/rhythm`. Default: none, or the server takes it off. */
  basePath?: string;
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
  /** What a caller of the API must bring. Default: that of the application. */
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

const LOG: OwnType = {
  kind: "own",
  wanted: "{ level, format, write } or a logger with debug(), info(), warn() and error()",
  fits: (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date),
};
const INIT: Shape = {
  databaseUrl: TEXT,
  listenUrl: TEXT,
  flows: {
    kind: "own",
    wanted: "an array of directories, .flow files and { name, source }",
    fits: Array.isArray,
  },
  tasks: { kind: "own", wanted: "an array of tasks made by task()", fits: Array.isArray },
  workflows: { kind: "own", wanted: "an array of workflows made by workflow()", fits: Array.isArray },
  autoMigrate: BOOLEAN,
  schema: TEXT,
  deploy: DEPLOY,
  environment: TEXT,
  log: LOG,
  poolSize: COUNT,
  token: TEXT,
};
const WORKER: Shape = {
  queues: NAMES,
  concurrency: COUNT,
  transactionalConcurrency: COUNT,
  port: { kind: "number", from: 0, to: 65_535, whole: true },
  hostname: TEXT,
  token: TEXT,
  grace: DURATION,
  lease: DURATION,
  name: TEXT,
  observer: FUNCTION,
};

const BASE_PATH: OwnType = {
  kind: "own",
  wanted: "a path such as /rhythm, without a slash at its end",
  fits: (value) => typeof value === "string" && /^(\/[\w.~-]+)+$/.test(value),
};
const ADOPT: Shape = { environment: TEXT, upgraded: BOOLEAN };

/** Checks what `rhythm.adopt()` was given. */
export function checkAdoptOptions(options: AdoptOptions): void {
  checkShape(options, ADOPT, { where: "rhythm.adopt()" });
}

/** Checks what `rhythm.fetch()` was given beside the request. */
export function checkFetchOptions(options: FetchOptions): void {
  checkShape(options, { basePath: BASE_PATH }, { where: "rhythm.fetch()" });
}

/** Checks what `Rhythm.init()` was given. */
export function checkInitOptions(options: InitOptions, where = "Rhythm.init()"): void {
  checkShape(options, INIT, { where });
  checkLog(options.log, where);
  checkMade(options.tasks ?? [], { option: "tasks", what: "task", isMade: isTask, where });
  checkMade(options.workflows ?? [], { option: "workflows", what: "workflow", isMade: isWorkflow, where });
}

/** Checks how to log, or a logger. */
export function checkLog(log: InitOptions["log"], where: string): void {
  if (log === undefined || isLogger(log)) return;
  checkArgument(log, { argument: "log", type: LOG, where });
  checkLogOptions(log as LogOptions, `${where} log`);
}

function checkMade(
  given: readonly { readonly name: string }[],
  expected: { option: string; what: string; isMade: (value: unknown) => boolean; where: string },
): void {
  const { option, what, isMade, where } = expected;
  const names = new Set<string>();
  for (const [index, made] of given.entries()) {
    if (!isMade(made)) {
      throw wrong(`${option}[${index}]`, `a ${what} made by ${what}()`, made, where);
    }
    if (names.has(made.name)) {
      throw new InvalidOptionError(
        option,
        `${where}: two ${what}s are named "${made.name}"; a name stands for one ${what}`,
      );
    }
    names.add(made.name);
  }
}

/** Checks what `rhythm.worker()` was given. */
export function checkWorkerOptions(options: WorkerOptions): void {
  const where = "rhythm.worker()";
  checkShape(options, WORKER, { where });
  if (options.lease !== undefined && durationMs(options.lease) < 1_000) {
    throw wrong("lease", "at least one second", options.lease, where);
  }
  for (const option of ["hostname", "token"] as const) {
    if (options[option] === undefined || options.port !== undefined) continue;
    throw new InvalidOptionError(option, `${where}: "${option}" needs a "port": without it, nothing listens`);
  }
}

function wrong(option: string, expected: string, value: unknown, where: string): InvalidOptionError {
  return new InvalidOptionError(option, `${where}: "${option}" must be ${expected}, not ${describe(value)}`);
}
