import { POOL_SIZE } from "../shared/limits.ts";
import { ClientCore } from "../client/core.ts";
import { audit } from "../client/audit.ts";
import type { Executions } from "../client/executions.ts";
import type { Failures } from "../client/failures.ts";
import type { Gates } from "../client/gates.ts";
import type { Flows } from "../client/flows.ts";
import type { Operations } from "../client/operations.ts";
import type { Queues } from "../client/queues.ts";
import type { Schedules } from "../client/schedules.ts";
import type { Signals } from "../client/signals.ts";
import type { Tasks } from "../client/tasks.ts";
import type { Tokens } from "../client/tokens.ts";
import type { Workers } from "../client/workers.ts";
import type { Workflows } from "../client/workflows.ts";
import type { Database } from "../db/database.ts";
import { rates } from "../client/rates.ts";
import { adopt } from "../db/calls/home.ts";
import { listPauses } from "../db/calls/pauses.ts";
import type { Registrable } from "../db/calls/registration.ts";
import { install } from "../db/install.ts";
import {
  type AnyTask,
  type AnyWorkflow,
  type AuditEntry,
  type AuditFilter,
  checkArgument,
  ClosedError,
  type DatabasePlace,
  type Logger,
  type OwnType,
  type Pause,
  type PauseOptions,
  placeOf,
  type Rate,
  type RateFilter,
  setDefaultQueue,
  STORED_TEXT,
  type TaskDefinition,
} from "../define/mod.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { AppWorker } from "./app_worker.ts";
import { createHandler, type Handler, type Watched } from "../http/mod.ts";
import { forgetDefault, makeDefault } from "./default_app.ts";
import { httpParts } from "./http_parts.ts";
import { type FlowSource, readFlowSources } from "./flow_sources.ts";
import { createLogger, isLogger } from "./log.ts";
import { openDatabase } from "./open_database.ts";
import { isOutage } from "../db/error_kind.ts";
import { MeteredDatabase } from "./pool_meter.ts";
import {
  type AdoptOptions,
  checkAdoptOptions,
  checkFetchOptions,
  checkInitOptions,
  checkWorkerOptions,
  type FetchOptions,
  type InitOptions,
  type WorkerOptions,
} from "./options.ts";
import { register } from "./registration.ts";
import { watchedOf } from "./page_reads.ts";
import { type Services, servicesOf } from "./services.ts";
import { readDeploy, readEnvironment, readToken } from "./environment.ts";
import { findTelemetry } from "./telemetry.ts";

/** What an application and its workers share. */
export interface AppParts {
  /** Where the database is. */
  readonly place: DatabasePlace;
  /** The database of the client calls. */
  readonly database: Database;
  /** The engine's schema. */
  readonly schema: string;
  /** The tasks of the application. */
  readonly tasks: readonly AnyTask[];
  /** Its workflows in TypeScript. */
  readonly workflows?: readonly AnyWorkflow[];
  /** Which deploy the application is of. */
  readonly deploy?: string | Date | undefined;
  /** The environment that its workers belong to. */
  readonly environment?: string | undefined;
  /** What another role must register before workers start. */
  readonly wanted?: readonly Registrable[];
  /** Where it logs. */
  readonly logger: Logger;
  /** Time, timers and chance. */
  readonly clock: Clock;
  /** What a caller of the API must bring; nothing: as the environment says, or a random one. */
  readonly token?: string | undefined;
  /** Whether workers may keep timers and fire them themselves. Not where a test moves the clock. Default: true. */
  readonly keepsTimers?: boolean;
}

/**
 * Makes an application of parts that are there already, the schema among them, and makes it the default. For tools
 * that open the database themselves; applications use `Rhythm.init()`.
 *
 * @param parts what the application is made of; closing it closes the database
 * @param sources the flows to register
 */
export let assemble: (parts: AppParts, sources: readonly FlowSource[]) => Promise<Rhythm>;

/**
 * An application: flows and tasks, and everything one does with their executions.
 *
 * @example Start a workflow, run a worker
 * ```ts
 * import { Rhythm, task } from "@rhythm/core";
 *
 * const greet = task({ name: "greet" }, ({ who }: { who: string }) => `Hello, ${who}`);
 *
 * async function main(): Promise<void> {
 *   await using rhythm = await Rhythm.init({
 *     tasks: [greet],
 *     flows: [{ name: "welcome", source: `return await Task.run("greet", { who: Inputs.who })` }],
 *   });
 *   const run = await rhythm.workflows.start("welcome", { who: "Ada" });
 *   await using worker = rhythm.worker();
 *   void worker.run();
 *   console.log(await run.result({ timeout: "10s" }));
 * }
 * ```
 */
export class Rhythm {
  /** Start workflows. */
  readonly workflows: Workflows;
  /** Queue tasks. */
  readonly tasks: Tasks;
  /** Create, read, list, wait for, cancel and retry executions. */
  readonly executions: Executions;
  /** Send signals. */
  readonly signals: Signals;
  /** Create and steer schedules. */
  readonly schedules: Schedules;
  /** Pause, resume and limit queues. */
  readonly queues: Queues;
  /** Cancel, retry, signal, pause or resume many executions at once. */
  readonly operations: Operations;
  /** Failures by their kind. */
  readonly failures: Failures;
  /** Where executions stop until somebody lets them on. */
  readonly gates: Gates;
  /** Register, list and check flows. */
  readonly flows: Flows;
  /** Make and revoke tokens of the HTTP interface and the dashboard. */
  readonly tokens: Tokens;
  /** See and drain workers. */
  readonly workers: Workers;
  /** What a caller of the API must bring: as given, as `RHYTHM_TOKEN` says, or made for this application. */
  readonly token: string;
  readonly #parts: AppParts;
  #handler: Handler | undefined;
  readonly #watched: Watched;
  readonly #core: ClientCore;
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;
  readonly #services: Services;
  readonly #workers = new Set<AppWorker>();
  #wanted: readonly Registrable[] = [];
  #closing: Promise<void> | undefined;

  static {
    assemble = async (parts, sources) => {
      const rhythm = new Rhythm(parts);
      rhythm.#wanted = await register(rhythm, parts, sources);
      makeDefault(rhythm);
      setDefaultQueue((definition, input, start) => rhythm.tasks.queueDeclared(definition, input, start));
      return rhythm;
    };
  }

  private constructor(parts: AppParts) {
    this.#parts = parts;
    this.#watched = watchedOf(parts);
    this.token = parts.token ?? readToken() ?? parts.clock.uuid();
    const core = new ClientCore({ ...parts, telemetry: findTelemetry() });
    const definitions = new Map(parts.tasks.map((made) => [made.name, made.definition]));
    this.#core = core;
    this.#definitions = definitions;
    this.#services = servicesOf(core, definitions);
    const { workflows, tasks, executions, signals, schedules, queues } = this.#services;
    this.workflows = workflows;
    this.tasks = tasks;
    this.executions = executions;
    this.signals = signals;
    this.schedules = schedules;
    this.queues = queues;
    const { operations, failures, gates, flows, tokens, workers } = this.#services;
    this.operations = operations;
    this.failures = failures;
    this.gates = gates;
    this.flows = flows;
    this.tokens = tokens;
    this.workers = workers;
  }

  /**
   * Opens the database, brings the schema up to date, registers the flows and the tasks' defaults, if its role may
   * (`rhythm_deployer`). The application it makes is the one that the module functions and `.queue()` use from then on.
   *
   * @param options where the database is, and what the application is made of
   * @returns the application
   * @throws {InvalidOptionError} an option that does not exist, or a value it cannot have
   * @throws {DatabaseUnavailableError} no database answers
   * @throws {InstallError} the schema cannot be brought up to date
   * @throws {FlowError} a flow has errors; nothing is registered then
   */
  static async init(options: InitOptions = {}): Promise<Rhythm> {
    checkInitOptions(options);
    const place = placeOf(options.databaseUrl, { listenUrl: options.listenUrl });
    const sources = await readFlowSources(options.flows ?? []);
    const clock = systemClock;
    const logger = loggerOf(options.log, clock);
    const schema = options.schema ?? "rhythm";
    const poolSize = place.kind === "embedded" ? 1 : options.poolSize ?? POOL_SIZE;
    const opened = await openDatabase(place, {
      maxConnections: poolSize,
      applicationName: "rhythm",
      logger,
      schema: options.autoMigrate ?? true ? schema : undefined,
    });
    const database = new MeteredDatabase(opened, poolSize);
    const { tasks = [], workflows = [] } = options;
    const { token, deploy = readDeploy(), environment = readEnvironment() } = options;
    const parts = { place, database, schema, tasks, workflows, logger, clock, token, deploy, environment };
    try {
      return await onceItAnswers({ clock, logger }, async () => {
        if (options.autoMigrate ?? true) await migrate(database, schema, logger);
        return await assemble(parts, sources);
      });
    } catch (error) {
      await database.close().catch(() => {});
      throw error;
    }
  }

  /**
   * A worker of this application's tasks and flows.
   *
   * @param options which queues, how much at once, and whether it serves HTTP
   * @returns a worker that begins with `run()`
   */
  worker(options: WorkerOptions = {}): AppWorker {
    checkWorkerOptions(options);
    if (this.#closing !== undefined) throw new ClosedError("The application");
    const worker = new AppWorker(this, { ...this.#parts, wanted: this.#wanted }, options);
    this.#workers.add(worker);
    return worker;
  }

  /**
   * Pauses everything: nothing begins or continues on any worker, and what runs ends first. Starts, signals and schedules are
   * accepted, and wait.
   *
   * @param options why, and who
   * @returns false if everything was paused already
   */
  async pause(options: PauseOptions = {}): Promise<boolean> {
    return await this.#services.pause(options);
  }

  /** Ends the pause of everything; other pauses stay. False if there was none. */
  async resume(): Promise<boolean> {
    return await this.#services.resume();
  }

  /**
   * The same services for one person: what they do is recorded under this name, and not only under the role of the connection. For a
   * program that knows its users. Each call is a transaction of its own.
   *
   * @param name who acts
   * @returns services that share everything with this application
   *
   * @example Say who approves
   * ```ts
   * import { Rhythm } from "@rhythm/core";
   *
   * async function approve(rhythm: Rhythm, execution: string, user: string): Promise<void> {
   *   await rhythm.as(user).signals.send({ execution, name: "approval", payload: { ok: true } });
   * }
   * ```
   */
  as(name: string): Services {
    checkArgument(name, { argument: "name", type: STORED_TEXT, where: "rhythm.as()" });
    return servicesOf(this.#core.as(name), this.#definitions);
  }

  /**
   * What people did: who, what, to what, why, and what changed. Starts, signals and cancellations are recorded if somebody is named who
   * does them. Needs the role `rhythm_operator`.
   *
   * @param filter which acts
   * @returns the latest first
   */
  async audit(filter: AuditFilter = {}): Promise<readonly AuditEntry[]> {
    return await audit(this.#core, filter);
  }

  /** What is paused: everything, tasks, flows, queues and keys, the latest last. */
  async pauses(): Promise<readonly Pause[]> {
    return await this.#core.retried(() => listPauses(this.#core.engine));
  }

  /**
   * What workers ended in each minute or hour, by task, flow and queue, and how long it took. Workers send their counts with
   * their heartbeats, every few seconds.
   *
   * @param filter which time, targets and queues
   * @returns the earliest first
   */
  async rates(filter: RateFilter = {}): Promise<readonly Rate[]> {
    return await rates(this.#core, filter, new Date(this.#parts.clock.now()));
  }

  /**
   * Lets everything run in this database, which is a copy of another one or was moved: workers refuse to work there until then. What is
   * unfinished goes on, so pause or cancel first what must not. Needs the role `rhythm_operator`.
   *
   * @param options the environment, and whether only the server was upgraded
   * @returns what it did
   */
  async adopt(options: AdoptOptions = {}): Promise<string> {
    checkAdoptOptions(options);
    const { environment = this.#parts.environment, upgraded } = options;
    return await this.#core.retried(() => adopt(this.#core.engine, { environment, upgraded }));
  }

  /**
   * Answers a request as the HTTP port of a worker does: the dashboard, health, metrics, and the API, which asks for the `token`. For
   * a server that is there already; it needs no worker in this process.
   *
   * @param request the request
   * @param options where the server has put it
   * @returns the response
   * @throws {ClosedError} the application was closed
   *
   * @example Rhythm beside other routes
   * ```ts
   * import { Rhythm } from "@rhythm/core";
   *
   * async function main(): Promise<void> {
   *   await using rhythm = await Rhythm.init();
   *   const server = Deno.serve({ hostname: "127.0.0.1", port: 8080 }, (request) => rhythm.fetch(request));
   *   await server.finished;
   * }
   * ```
   */
  async fetch(request: Request, options: FetchOptions = {}): Promise<Response> {
    checkArgument(request, { argument: "request", type: REQUEST, where: "rhythm.fetch()" });
    checkFetchOptions(options);
    if (this.#closing !== undefined) throw new ClosedError("The application");
    this.#handler ??= createHandler(httpParts(this, this.#parts, {
      ...{ token: this.token, watched: this.#watched },
    }));
    return await this.#handler(request, options);
  }

  /** Stops the workers, ends all waiting, closes the connections. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#watched.close();
    if (forgetDefault(this)) setDefaultQueue(() => Promise.reject(new ClosedError("The application")));
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#core.close();
    await this.#parts.database.close();
  }
}

const REQUEST: OwnType = { kind: "own", wanted: "a Request", fits: (value) => value instanceof Request };

// Servers start, restart and fail over: a process that starts in that moment need not end.
async function onceItAnswers<T>(
  { clock, logger }: { clock: Clock; logger: Logger },
  work: () => Promise<T>,
): Promise<T> {
  const until = clock.monotonic() + PATIENCE_MS;
  for (let pauseMs = 100;; pauseMs = Math.min(2 * pauseMs, 1_000)) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || clock.monotonic() + pauseMs > until) throw error;
      if (pauseMs === 100) {
        logger.warn(`the database does not answer; trying for ${PATIENCE_MS / 1000} seconds`, { error });
      }
      await clock.sleep(pauseMs);
    }
  }
}

const PATIENCE_MS = 10_000;

async function migrate(database: Database, schema: string, logger: Logger): Promise<void> {
  const { applied, skipped } = await install(database, { schema });
  if (applied.length > 0) logger.info("schema brought up to date", { schema, files: applied.length });
  for (const note of skipped) logger.warn(note);
}

function loggerOf(log: InitOptions["log"], clock: Clock): Logger {
  if (isLogger(log)) return log;
  return createLogger({ now: () => new Date(clock.now()), ...log as Exclude<typeof log, Logger> });
}
