import { residentBytes } from "../runtime/memory.ts";
import { connect, type ConnectOptions } from "../db/connect.ts";
import type { Database } from "../db/database.ts";
import type { Logger } from "../define/mod.ts";
import { createHandler, type Watched } from "../http/mod.ts";
import { type HttpServer, serveHttp } from "../runtime/serve.ts";
import { durationMs } from "../shared/duration.ts";
import { RhythmError } from "../shared/error.ts";
import { LEASE_MS, PAYLOAD_BYTES, WORKER_DEFAULTS } from "../shared/limits.ts";
import { StepsRuntime } from "../steps/runtime.ts";
import { sqlEngine } from "../worker/engine/sql_engine.ts";
import { voiceOf } from "../worker/loop/voice.ts";
import { Worker } from "../worker/loop/worker.ts";
import { flowRuntime } from "./flow_runtime.ts";
import { onShutdown } from "./on_shutdown.ts";
import { hookTask } from "./hook_task.ts";
import { httpParts } from "./http_parts.ts";
import { watchedOf } from "./page_reads.ts";
import type { WorkerOptions } from "./options.ts";
import { MeteredDatabase, type PoolUse } from "./pool_meter.ts";
import { checkRegistered } from "./registration.ts";
import type { AppParts, Rhythm } from "./rhythm.ts";
import { mayAdopt, readToken } from "./environment.ts";
import { findTelemetry } from "./telemetry.ts";

/** A worker of an application, with its HTTP listener if it was given a port. */
export class AppWorker {
  /** What a caller of the API must bring: as given, as the environment says, or made for this worker. */
  readonly token: string;
  readonly #rhythm: Rhythm;
  readonly #parts: AppParts;
  readonly #options: WorkerOptions;
  readonly #logger: Logger;
  #worker: Worker | undefined;
  #server: HttpServer | undefined;
  #watched: Watched | undefined;
  #done: Promise<void> | undefined;
  #stopped = false;
  #asked = false;
  readonly #pools: (() => PoolUse)[] = [];

  /**
   * Made by `rhythm.worker()`.
   *
   * @param rhythm the application
   * @param parts what it is made of
   * @param options how the worker works
   */
  constructor(rhythm: Rhythm, parts: AppParts, options: WorkerOptions) {
    this.#rhythm = rhythm;
    this.#parts = parts;
    this.#options = options;
    this.#logger = voiceOf(parts.logger, "worker").logger;
    this.token = options.token ?? rhythm.token;
  }

  /** Where HTTP is served, once `run()` has begun; nothing without a port. */
  get url(): string | undefined {
    const server = this.#server;
    return server === undefined ? undefined : `http://${server.hostname}:${server.port}`;
  }

  /** How many executions are in flight: claimed, running, or done and not settled yet. */
  get inFlight(): number {
    return this.#worker?.inFlight ?? 0;
  }

  /**
   * Works until `stop()` is called, or SIGINT or SIGTERM arrives: then it stops claiming, lets running handlers
   * finish within the grace time, hands the rest back at once and resolves. A process that was asked to stop by a
   * signal ends two seconds later even if handlers that were handed back would keep it alive.
   *
   * @throws {NotRegisteredError} flows or tasks are not registered, and this role may not register them
   */
  async run(): Promise<void> {
    this.#done ??= this.#run();
    await this.#done;
  }

  /** Ends `run()`, as a signal of the system would. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.stop();
    await this.#done?.catch(() => {});
  }

  /** Stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    if (this.#stopped) return;
    if (mayAdopt()) this.#logger.info(await this.#rhythm.adopt());
    await checkRegistered(this.#parts, this.#parts.wanted ?? []);
    // Asked to stop meanwhile, when there was no worker yet to be told.
    if (this.#stopped) return;
    const own: Database[] = [];
    const stopListening = this.#hearSignals();
    try {
      this.#worker = this.#makeWorker(own);
      this.#serve(this.#worker);
      this.#logger.info("worker starts", {
        queues: this.#queues(),
        ...(this.url === undefined ? {} : { http: this.url, token: this.#tellToken() }),
      });
      await this.#worker.run();
      this.#logger.info("worker stopped");
      if (this.#asked && this.#worker.leftBehind > 0) this.#endSoon();
    } finally {
      stopListening();
      // Pages that are open hold a request.
      this.#watched?.close();
      await this.#server?.shutdown();
      await Promise.all(own.map((database) => database.close()));
    }
  }

  #makeWorker(own: Database[]): Worker {
    const { place, database, schema, workflows = [], logger, clock } = this.#parts;
    const tasks = [hookTask({ on: database, schema }, { clock, fetch }), ...this.#parts.tasks];
    const options = this.#options;
    const leaseMs = options.lease === undefined ? LEASE_MS : durationMs(options.lease);
    const open = (maxConnections: number, name: string, limits: Partial<ConnectOptions> = {}): Database => {
      if (place.kind === "embedded") return database;
      const made = new MeteredDatabase(
        connect({
          url: place.at,
          listenUrl: place.listenAt,
          maxConnections,
          applicationName: name,
          session: "worker",
          ...limits,
        }),
        maxConnections,
      );
      own.push(made);
      this.#pools.push(() => made.use(name.replace("rhythm ", "")));
      return made;
    };
    const transactions = options.transactionalConcurrency ?? WORKER_DEFAULTS.transactionalConcurrency;
    const isTransactional = workflows.length > 0 ||
      tasks.some((made) => made.definition.options.transactional);
    // A call without an answer must not cost the leases: it is made again while they last.
    const inTime = { answerTimeoutMs: Math.max(SHORTEST_ANSWER_MS, leaseMs / 2) };
    const main = open(3, "rhythm worker", inTime);
    const telemetry = findTelemetry();
    return new Worker({
      engine: sqlEngine({
        main,
        beats: open(1, "rhythm beats", inTime),
        sqlTasks: open(1, "rhythm sql tasks"),
        transactional: isTransactional
          ? open(transactions, "rhythm transactions", { ...inTime, statementTimeoutMs: 0 })
          : main,
        schema,
        name: options.name ?? `${Deno.hostname()}:${Deno.pid}`,
        memory: residentBytes,
        queues: this.#queues(),
        targets: tasks.map((made) => made.name),
        leaseMs,
        runsCode: workflows.length > 0,
        environment: this.#parts.environment,
      }),
      runtime: flowRuntime,
      clock,
      keepsTimers: this.#parts.keepsTimers ?? true,
      code: new StepsRuntime(workflows, clock),
      tasks,
      logger,
      concurrency: options.concurrency ?? WORKER_DEFAULTS.concurrency,
      transactions,
      leaseMs,
      graceMs: options.grace === undefined ? WORKER_DEFAULTS.graceMs : durationMs(options.grace),
      pollMs: 5_000,
      // The embedded database stops the loop by itself while it works.
      ...(place.kind === "embedded" ? { lagWarnMs: leaseMs } : {}),
      maxOutputBytes: PAYLOAD_BYTES,
      ...(telemetry === undefined ? {} : { telemetry }),
      ...(options.observer === undefined ? {} : { observer: options.observer }),
    });
  }

  #queues(): readonly string[] {
    if (this.#options.queues !== undefined) return this.#options.queues;
    const { tasks, workflows = [] } = this.#parts;
    const named = [...tasks, ...workflows].map((made) => made.definition.options.queue ?? "default");
    return [...new Set(["default", ...named, ...this.#rhythm.flows.queues])];
  }

  // A person at a terminal needs a token that was made at the start. Logs that are stored must not contain it.
  #tellToken(): string {
    const given = this.#options.token ?? this.#parts.token ?? readToken();
    if (given !== undefined) return "as given";
    return Deno.stderr.isTerminal() ? this.token : "made by chance: set RHYTHM_TOKEN to know it";
  }

  // The listener starts before the first claim, so that a monitor sees the process start.
  #serve(worker: Worker): void {
    const { port, hostname = WORKER_DEFAULTS.hostname } = this.#options;
    if (port === undefined) return;
    this.#watched = watchedOf(this.#parts);
    const handler = createHandler(
      httpParts(this.#rhythm, this.#parts, {
        ...{ worker, pools: this.#pools, token: this.token, watched: this.#watched },
      }),
    );
    try {
      this.#server = serveHttp((request) => handler(request), { port, hostname });
    } catch (cause) {
      throw new RhythmError(
        `Cannot serve HTTP on ${hostname}:${port}: ${(cause as Error).message}. ` +
          `Give rhythm.worker() another "port", or 0 for any that is free`,
        { code: "CANNOT_LISTEN", cause },
      );
    }
  }

  // Handlers that do not stop would keep a process alive that has handed their work to others.
  #endSoon(): void {
    const end = (): void => {
      this.#logger.warn("handlers that were handed back still run; the process ends without them");
      Deno.exit(0);
    };
    this.#parts.clock.after(LAST_MOMENTS_MS, end, { background: true });
  }

  #hearSignals(): () => void {
    const stopListening = onShutdown(() => {
      this.#asked = true;
      this.#logger.info("asked to stop; a second time ends at once");
      stopListening();
      void this.#worker?.stop();
    });
    return stopListening;
  }
}

// However short the lease is: a slow machine needs the time, too.
const SHORTEST_ANSWER_MS = 2_000;

// Time for what follows run(): closing the application, a last line.
const LAST_MOMENTS_MS = 2_000;
