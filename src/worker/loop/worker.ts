import type { AnyTask, Logger, Telemetry } from "../../define/mod.ts";
import { type Clock, within } from "../../runtime/clock.ts";
import { RhythmError } from "../../shared/error.ts";
import { CodeRunner, type CodeRuntime, NO_CODE } from "../code/code_runner.ts";
import type { Claimed, Engine } from "../engine/engine.ts";
import { EngineClient } from "../engine/engine_client.ts";
import { releasedOf } from "../engine/outcome.ts";
import { FlowRunner, type FlowRuntime } from "../flows/flow_runner.ts";
import { TaskRunner } from "../tasks/task_runner.ts";
import { InFlightSet } from "./in_flight.ts";
import { LagMonitor } from "./lag.ts";
import { Ledger } from "./ledger.ts";
import type { WorkerObserver } from "./observer.ts";
import { WorkerStats } from "./stats.ts";
import { UnrunnableWork } from "./unrunnable.ts";
import { voiceOf } from "./voice.ts";

/** What a worker is made of. */
export interface WorkerParts {
  /** The engine it works for. */
  readonly engine: Engine;
  /** The language that its workflows are written in. */
  readonly runtime: FlowRuntime;
  /** The workflows in TypeScript it can run. */
  readonly code?: CodeRuntime;
  /** Time, timers and chance, of flows, too. */
  readonly clock: Clock;
  /** Whether it may keep timers of workflows in memory and fire them itself. Default: true. */
  readonly keepsTimers?: boolean;
  /** The tasks it can run. */
  readonly tasks: readonly AnyTask[];
  /** Where it logs. */
  readonly logger: Logger;
  /** How many executions it has in flight at most. */
  readonly concurrency: number;
  /** How many transactional tasks run at once. */
  readonly transactions: number;
  /** How long it may be silent before its leases are given to others. */
  readonly leaseMs: number;
  /** How long running handlers may take to finish at shutdown. */
  readonly graceMs: number;
  /** The longest pause between two looks for work when nothing is heard. */
  readonly pollMs: number;
  /** How long the event loop may stand still before that is told. Default: one second. */
  readonly lagWarnMs?: number;
  /** The most bytes of an output. */
  readonly maxOutputBytes: number;
  /** How long a task may wait for a worker that has a handler for it before that is said. */
  readonly patienceMs?: number;
  /** Tracing, if it is collected. */
  readonly telemetry?: Telemetry;
  /** Hears what happens. */
  readonly observer?: WorkerObserver;
}

/** Where a worker is in its life. */
export type WorkerState = "new" | "starting" | "running" | "stopping" | "stopped";

/** Claims executions, runs them, settles how they ended; until it is told to stop. */
export class Worker {
  /** What it counts. */
  readonly stats: WorkerStats = new WorkerStats();
  readonly #parts: WorkerParts;
  readonly #inFlight: InFlightSet;
  readonly #client: EngineClient;
  readonly #tasks: TaskRunner;
  readonly #flows: FlowRunner;
  readonly #unrunnable: UnrunnableWork;
  readonly #ledger: Ledger;
  readonly #lag: LagMonitor;
  readonly #stopAsked = Promise.withResolvers<"stop">();
  #state: WorkerState = "new";
  #done: Promise<void> | undefined;
  #leftBehind = 0;
  #isClosing = false;

  /** @param parts what it is made of */
  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const { clock } = parts;
    const { logger } = voiceOf(parts.logger, "worker");
    const handlerLogger = voiceOf(parts.logger, "handler").logger;
    const inFlight = this.#inFlight = new InFlightSet(clock);
    const unrunnable = this.#unrunnable = new UnrunnableWork(logger, clock);
    const ledger = this.#ledger = new Ledger({ clock, logger: parts.logger, stats: this.stats });
    const shared = { ...parts, logger, handlerLogger, inFlight, unrunnable, ledger, stats: this.stats };
    const client = this.#client = new EngineClient(shared);
    const code = new CodeRunner({ ...shared, client, code: parts.code ?? NO_CODE });
    this.#flows = new FlowRunner({
      ...shared,
      keepsTimers: parts.keepsTimers ?? true,
      exchange: client.exchange,
      code,
    });
    this.#tasks = new TaskRunner({ ...shared, client, ends: this.#flows });
    this.#lag = new LagMonitor(clock, {
      warnMs: parts.lagWarnMs ?? 1_000,
      onBlocked: (lagMs) => this.#warnLag(lagMs),
    });
  }

  /** Where it is in its life. */
  get state(): WorkerState {
    return this.#state;
  }

  /** How many executions it has in flight. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** How many handlers were still running when the grace time at shutdown was over. */
  get leftBehind(): number {
    return this.#leftBehind;
  }

  /** Whether the database answered within the lease. */
  get isHeard(): boolean {
    return this.#state === "running" && this.#client.isHeard;
  }

  /** The code with which the database keeps refusing this worker's calls; nothing: it does not. */
  get trouble(): string | undefined {
    const { trouble } = this.#client.exchange;
    return trouble === undefined ? undefined : `exchange: ${trouble}`;
  }

  /** The longest block of the event loop since the last call, in milliseconds. */
  takeLag(): number {
    return this.#lag.take();
  }

  /**
   * Works until `stop()` is called.
   *
   * @throws {RhythmError} it ran before, or the engine did not take it on
   */
  async run(): Promise<void> {
    if (this.#state !== "new") {
      throw new RhythmError(`This worker is ${this.#state}; a worker runs once, make another`, {
        code: "WORKER_RAN",
      });
    }
    this.#state = "starting";
    this.#done = this.#live();
    await this.#done;
  }

  /** Stops claiming, lets handlers finish within the grace time, hands the rest back; then `run()` resolves. */
  async stop(): Promise<void> {
    if (this.#state === "new") this.#state = "stopped";
    if (this.#state === "starting" || this.#state === "running") this.#state = "stopping";
    this.#client.exchange.stopClaiming();
    this.#stopAsked.resolve("stop");
    await this.#done?.catch(() => {});
  }

  /** Stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #live(): Promise<void> {
    try {
      if (!await this.#registered()) return;
      if (this.#state === "starting") this.#state = "running";
      this.#lag.start();
      const exchanging = this.#client.run({ take: (claimed) => this.#take(claimed), flows: this.#flows });
      await Promise.race([exchanging, this.#stopAsked.promise]);
      await this.#leave(exchanging);
    } catch (error) {
      await this.#giveUp("The worker ended: " + (error instanceof Error ? error.message : String(error)));
      throw error;
    } finally {
      this.#lag.stop();
      this.#ledger.flush();
      this.#state = "stopped";
    }
  }

  // A worker that is told to stop before the database has answered has nothing in flight, so it does not wait for the answer.
  async #registered(): Promise<boolean> {
    const registering = this.#client.register();
    if (await Promise.race([registering, this.#stopAsked.promise]) !== "stop") return true;
    const leaving = registering.then(() => this.#parts.engine.leave()).catch(() => {});
    await within(this.#parts.clock, leaving, LAST_WORDS_MS);
    return false;
  }

  #take(claimed: Claimed): void {
    const { exchange } = this.#client;
    if (this.#isClosing) exchange.end(releasedOf(claimed, "The worker was shutting down"));
    else if (claimed.kind === "workflow") this.#flows.start(claimed);
    else if (this.#tasks.knows(claimed.target)) this.#tasks.start(claimed);
    else exchange.end(this.#unrunnable.handBack(claimed, "handler"));
  }

  // Nothing reaches the database any more. Other workers get what is in flight when the lease is over.
  async #giveUp(message: string): Promise<void> {
    this.#isClosing = true;
    this.#inFlight.stopAll("lost", message);
    await within(this.#parts.clock, this.#client.giveUp(), LAST_WORDS_MS);
  }

  async #leave(exchanging: Promise<void>): Promise<void> {
    const { clock, graceMs, logger } = this.#parts;
    this.#flows.leaveTimers();
    this.#tasks.drain();
    // A tick whose connection died silently is never answered.
    await within(clock, this.#client.stopTicking(), LAST_WORDS_MS);
    if (!await this.#inFlight.emptied(graceMs)) {
      this.#leftBehind = this.#inFlight.size;
      logger.warn("the grace time is over; what still runs is handed back", { executions: this.#leftBehind });
      this.#inFlight.stopAll("shutdown", "The worker shut down before the handler was done");
      await this.#inFlight.emptied(LAST_WORDS_MS);
    }
    this.#isClosing = true;
    this.#client.exchange.close(Math.max(graceMs, LAST_WORDS_MS));
    await exchanging;
    await this.#client.leave();
  }

  #warnLag(lagMs: number): void {
    const running = [...new Set([...this.#inFlight.all()].map(({ claimed }) => claimed.target))].slice(0, 5);
    this.#parts.logger.warn(
      `the event loop stood still for ${Math.round(lagMs)} ms; no heartbeat was sent meanwhile`,
      { lagMs: Math.round(lagMs), running },
    );
  }
}

// How long handlers and settles may still take after the grace time.
const LAST_WORDS_MS = 1_000;
