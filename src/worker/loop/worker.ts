import type { AnyTask, Logger, Telemetry } from "../../define/mod.ts";
import { type Clock, within } from "../../runtime/clock.ts";
import { RhythmError } from "../../shared/error.ts";
import { StepSettler } from "../engine/step_settler.ts";
import { CodeRunner, type CodeRuntime, NO_CODE } from "../code/code_runner.ts";
import { LostLeases } from "../engine/lost_leases.ts";
import { PollBackoff, type PollPhase, Sleep } from "./poll_backoff.ts";
import type { Claimed, Engine, Outcome, Settlement } from "../engine/engine.ts";
import { broughtBy, dueAfter, dueAfterEnds } from "../engine/outcome.ts";
import { FlowRunner, type FlowRuntime } from "../flows/flow_runner.ts";
import { GroupCommit } from "../engine/group_commit.ts";
import { InFlightSet } from "./in_flight.ts";
import type { WorkerObserver } from "./observer.ts";
import { LagMonitor } from "./lag.ts";
import { releasedOf } from "../engine/outcome.ts";
import { AWAKE_TICK_MS, RepeatingTimer, tickPause } from "./repeating_timer.ts";
import { persistent, Reporter } from "../engine/reporter.ts";
import { WorkerStats } from "./stats.ts";
import { TaskRunner } from "../tasks/task_runner.ts";
import { failedToSettle } from "../engine/outcome.ts";
import { PATIENCE_MS, UnrunnableWork } from "./unrunnable.ts";
import type { StepResult } from "../flows/warm_flows.ts";

/** What a worker is made of. */
export interface WorkerParts {
  /** The engine it works for. */
  readonly engine: Engine;
  /** The language that its workflows are written in. */
  readonly runtime: FlowRuntime;
  /** The code-first workflows it can run. */
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
  /** The most bytes of an output. */
  readonly maxOutputBytes: number;
  /** How long a task may wait for a worker that has a handler for it before that is said. */
  readonly patienceMs?: number;
  /** Tracing, if somebody collects it. */
  readonly telemetry?: Telemetry;
  /** Hears what happens. */
  readonly observer?: WorkerObserver;
}

/** Where a worker is in its life. */
export type WorkerState = "new" | "starting" | "running" | "stopping" | "stopped";

/**
 * Claims executions, runs them, settles how they ended; until it is told to stop.
 *
 * One loop claims while there is room in flight; what ends is settled in natural group commits beside it; a repeating timer
 * keeps the leases alive, another does what is due.
 */
export class Worker {
  /** What it counts. */
  readonly stats: WorkerStats = new WorkerStats();
  readonly #parts: WorkerParts;
  readonly #engine: Engine;
  readonly #inFlight: InFlightSet;
  readonly #sleep: Sleep;
  readonly #backoff: PollBackoff;
  #promised = 0;
  readonly #reporter: Reporter;
  readonly #tasks: TaskRunner;
  readonly #flows: FlowRunner;
  readonly #unrunnable: UnrunnableWork;
  readonly #commits: GroupCommit<Outcome>;
  readonly #steps: StepSettler;
  readonly #lostLeases: LostLeases;
  readonly #lag: LagMonitor;
  readonly #heartbeats: RepeatingTimer;
  readonly #ticks: RepeatingTimer;
  readonly #stopAsked = Promise.withResolvers<false>();
  #state: WorkerState = "new";
  #done: Promise<void> | undefined;
  #reviving: Promise<void> | undefined;
  #claiming: Promise<unknown> | undefined;
  #lastHeard = 0;
  readonly #troubles = new Map<string, string>();
  #lookedAt = 0;
  #turnMs = AWAKE_TICK_MS;
  #leftBehind = 0;
  #failedTicks = 0;
  #isClosing = false;

  /** @param parts what it is made of */
  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#engine = parts.engine;
    const { clock } = parts;
    this.#inFlight = new InFlightSet(clock);
    this.#sleep = new Sleep(clock);
    this.#backoff = new PollBackoff(parts.pollMs);
    this.#reporter = new Reporter(
      clock,
      persistent((report) => this.#engine.report(report), {
        clock,
        isTransient: (error) => this.#engine.isTransient(error),
        onLost: ({ lines }, error) =>
          parts.logger.warn("log lines of executions could not be stored", { lines: lines.length, error }),
      }),
    );
    const settle = (outcome: Outcome): void => this.#commits.push(outcome);
    this.#unrunnable = new UnrunnableWork(parts.logger, clock);
    const shared = {
      ...parts,
      keepsTimers: parts.keepsTimers ?? true,
      inFlight: this.#inFlight,
      stats: this.stats,
      settle,
    };
    this.#tasks = new TaskRunner({
      ...shared,
      settle: (outcome, claimed) => this.#settleTask(outcome, claimed),
      services: { clock, reporter: this.#reporter, logger: parts.logger, heartbeat: () => this.#beat() },
      settled: (outcome, settlement) => this.#settled([outcome], settlement),
    });
    const code = new CodeRunner({
      ...shared,
      code: parts.code ?? NO_CODE,
      unrunnable: this.#unrunnable,
      reporter: this.#reporter,
      due: (ms) => this.#tickIn(ms),
    });
    this.#flows = new FlowRunner({
      ...shared,
      ...{ unrunnable: this.#unrunnable, code },
      settleStep: (result) => this.#steps.push(result),
      fire: (timer) => this.#steps.fire(timer),
    });
    this.#commits = new GroupCommit({
      clock,
      commit: (batch) => this.#commit(batch),
      maxBatch: 1_000,
      isTransient: (error) => this.#engine.isTransient(error),
      isTooSlow: (error) => this.#engine.isTooSlow(error),
      onRefused: (outcome, error) => this.#refused(outcome, error),
      onTrouble: (error, attempt) => this.#trouble("settle", error, attempt),
    });
    this.#steps = new StepSettler({
      clock,
      engine: parts.engine,
      promising: (most, call) => this.#promising(Math.min(most, this.#spare()), call),
      flows: this.#flows,
      answered: (began, settled) => this.#stepsSettled(began, settled),
      take: (claimed) => this.#take(claimed),
      settle,
      onTrouble: (error, attempt) => this.#trouble("settle", error, attempt),
    });
    this.#lostLeases = new LostLeases({
      clock,
      engine: parts.engine,
      known: () => this.#known(),
      quiet: async () => {
        await Promise.allSettled([this.#claiming, this.#steps.answered(), this.#commits.answered()]);
      },
      settle,
    });
    this.#lag = new LagMonitor(clock, { warnMs: 1_000, onBlocked: (lagMs) => this.#warnLag(lagMs) });
    this.#heartbeats = new RepeatingTimer(clock, () => this.#heartbeat());
    this.#ticks = new RepeatingTimer(clock, () => this.#tick());
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
    return this.#state === "running" && this.#parts.clock.monotonic() - this.#lastHeard < this.#parts.leaseMs;
  }

  /** Which calls the database refuses again and again, and with which code; nothing: none. */
  get trouble(): string | undefined {
    if (this.#troubles.size === 0) return undefined;
    return [...this.#troubles].map(([what, code]) => `${what}: ${code}`).join(", ");
  }

  /** The longest standstill of the event loop since the last call, in milliseconds. */
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
    this.#stopAsked.resolve(false);
    this.#sleep.wake();
    await this.#done?.catch(() => {});
  }

  /** Stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #live(): Promise<void> {
    try {
      if (!await this.#registered()) return;
      const unlisten = await this.#insist("listen", () =>
        this.#engine.listen({
          onWork: () => {
            this.#backoff.call();
            this.#sleep.wake();
          },
          onDue: () => this.#ticks.at(0),
          onStop: () => this.#heartbeats.at(0),
        }));
      this.#lastHeard = this.#parts.clock.monotonic();
      this.#lookedAt = this.#lastHeard;
      if (this.#state === "starting") this.#state = "running";
      this.#lag.start();
      this.#heartbeats.at(this.#parts.leaseMs / 3);
      this.#ticks.start();
      await this.#claimLoop();
      await this.#leave(unlisten);
    } catch (error) {
      await this.#giveUp("The worker ended: " + (error instanceof Error ? error.message : String(error)));
      throw error;
    } finally {
      this.#lag.stop();
      this.#state = "stopped";
    }
  }

  // Whoever is told to stop before the database has answered has nothing in flight, and waits for it no longer.
  async #registered(): Promise<boolean> {
    const registering = this.#insist("register", () => this.#engine.register());
    const isRegistered = await Promise.race([registering.then(() => true), this.#stopAsked.promise]);
    if (isRegistered) return true;
    await within(
      this.#parts.clock,
      registering.then(() => this.#engine.leave()).catch(() => {}),
      LAST_WORDS_MS,
    );
    return false;
  }

  // A database that is not there yet is waited for, as one is that goes away later.
  async #insist<T>(what: string, call: () => Promise<T>): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await call();
      } catch (error) {
        const isEnd = this.#state !== "starting" || this.#engine.isHopeless(error);
        if (isEnd || !this.#engine.isTransient(error)) throw error;
        const log = attempt === 1 ? this.#parts.logger.warn : this.#parts.logger.error;
        log(`${what} failed; it is tried again`, { attempt, error });
        await this.#sleep.for(this.#pauseAfter(attempt));
      }
    }
  }

  async #claimLoop(): Promise<void> {
    let troubles = 0;
    let most = BATCH;
    while (this.#state === "running") {
      const room = Math.min(most, this.#room());
      if (room <= 0) {
        await this.#inFlight.removed(100);
        continue;
      }
      try {
        const found = await this.#claim(room, this.#backoff.phase);
        troubles = 0;
        most = Math.min(BATCH, 2 * most);
        const pauseMs = this.#backoff.afterPoll(found, room);
        if (pauseMs > 0) await this.#sleep.for(pauseMs);
      } catch (error) {
        if (this.#engine.isGivenUp(error)) {
          await this.#beginAnew().catch((again) => this.#trouble("register", again, ++troubles));
        } else if (this.#engine.isHopeless(error) || !this.#engine.isTransient(error)) {
          throw error;
        } else {
          if (this.#engine.isTooSlow(error)) most = Math.max(1, most >> 1);
          this.#trouble("claim", error, ++troubles);
        }
        if (troubles > 0) await this.#sleep.for(this.#pauseAfter(troubles));
      }
    }
  }

  // A handler's place is free when it ends, not when it is settled; but settles must keep up.
  #room(): number {
    if (this.#commits.pending + this.#steps.pending > 4 * BATCH) return 0;
    return Math.min(BATCH, this.#free());
  }

  // Places that are not taken, nor promised to what a call under way may bring.
  #free(): number {
    if (this.#state !== "running") return 0;
    return Math.max(0, this.#parts.concurrency - this.#inFlight.size - this.#promised);
  }

  // What a settle brings along gets half of the places: what is queued or signalled meanwhile does not wait for it.
  #spare(): number {
    return Math.floor(this.#free() / 2);
  }

  async #promising<T>(places: number, call: (places: number) => Promise<T>): Promise<T> {
    this.#promised += places;
    try {
      return await call(places);
    } finally {
      this.#promised -= places;
      this.#inFlight.wakeWaiting();
    }
  }

  async #claim(limit: number, phase: PollPhase): Promise<number> {
    const began = this.#parts.clock.monotonic();
    const claiming = this.#promising(limit, (places) => this.#engine.claim(places, phase));
    this.#claiming = claiming;
    const rows = await claiming;
    this.#lastHeard = this.#parts.clock.monotonic();
    this.#troubles.delete("claim");
    if (rows.length > 0) {
      this.stats.claimSeconds.observe((this.#lastHeard - began) / 1000);
      this.stats.claimSizes.observe(rows.length);
      for (const row of rows) this.#take(row);
      this.#ticks.at(AWAKE_TICK_MS);
    }
    return rows.length;
  }

  *#known(): Iterable<string> {
    for (const { claimed } of this.#inFlight.all()) yield claimed.id;
    for (const { id } of this.#commits.items) yield id;
    yield* this.#steps.ids();
  }

  #take(claimed: Claimed): void {
    this.#lostLeases.took(claimed.id);
    if (this.#isClosing) this.#commits.push(releasedOf(claimed, "The worker was shutting down"));
    else if (claimed.kind === "workflow") this.#flows.start(claimed);
    else if (this.#tasks.knows(claimed.target)) this.#tasks.start(claimed);
    else this.#commits.push(this.#unrunnable.handBack(claimed, "handler"));
  }

  // A task that completed lets its workflow go on at once, if that is open here: both are settled together.
  #settleTask(outcome: Outcome, task: Claimed): void {
    const result = outcome.status === "completed" && task.parentId !== null
      ? this.#flows.follow(task, outcome.output)
      : undefined;
    if (result === undefined) this.#commits.push(outcome);
    else this.#steps.push(result);
  }

  #stepsSettled(began: number, settled: readonly StepResult[]): void {
    this.#lastHeard = this.#parts.clock.monotonic();
    this.#troubles.delete("settle");
    this.#ticks.at(AWAKE_TICK_MS);
    this.stats.settleSeconds.observe((this.#lastHeard - began) / 1000);
    this.stats.settleSizes.observe(settled.length);
    for (const { step, task } of settled) {
      if (task !== undefined) this.stats.count("completed");
      this.stats.count(step.status);
    }
    this.#tickIn(dueAfterEnds(settled, this.#parts.clock.now()));
  }

  #tickIn(ms: number | undefined): void {
    if (ms !== undefined) this.#ticks.at(Math.max(QUICKEST_TICK_MS, ms));
  }

  async #commit(batch: Outcome[]): Promise<void> {
    const began = this.#parts.clock.monotonic();
    const settlement = await this.#promising(
      Math.min(broughtBy(batch), this.#spare()),
      (places) => this.#engine.settle(batch, places),
    );
    this.#lastHeard = this.#parts.clock.monotonic();
    this.#troubles.delete("settle");
    this.stats.settleSeconds.observe((this.#lastHeard - began) / 1000);
    this.stats.settleSizes.observe(batch.length);
    this.#settled(batch, settlement);
  }

  #settled(batch: readonly Outcome[], settlement: Settlement): void {
    this.#ticks.at(AWAKE_TICK_MS);
    const refused = new Set(settlement.refused.map(({ id }) => id));
    for (const outcome of batch) {
      this.stats.count(outcome.status);
      this.#tickIn(dueAfter(outcome, this.#parts.clock.now()));
      if (!refused.has(outcome.id)) this.#flows.settled(outcome);
    }
    for (const { id, reason } of settlement.refused) {
      this.stats.refused++;
      this.#flows.forget(id);
      this.#parts.logger.warn("an outcome changed nothing", { execution: id, reason });
    }
    for (const claimed of settlement.claimed) this.#take(claimed);
  }

  // The database refuses this one outcome for a reason of its own: the execution fails with that reason.
  #refused(outcome: Outcome, error: unknown): void {
    const { id, status } = outcome;
    this.#parts.logger.error("an outcome cannot be stored", { execution: id, status, error });
    this.#flows.forget(id);
    const failed = failedToSettle(outcome, error);
    if (failed !== undefined) this.#commits.push(failed);
  }

  async #heartbeat(): Promise<number> {
    const beating = this.#beat().catch((error) =>
      this.#parts.logger.warn("no answer to a heartbeat", { error })
    );
    // A connection that is dead without a word gives neither an answer nor an error: that is silence, too.
    await within(this.#parts.clock, beating, this.#parts.leaseMs / 3);
    const silentMs = this.#parts.clock.monotonic() - this.#lastHeard;
    if (silentMs > this.#parts.leaseMs) {
      this.#inFlight.stopAll(
        "lost",
        `The worker reached no database for ${Math.round(silentMs / 1000)} s; its leases are lost`,
      );
    }
    this.#lookForUnserved();
    if (!this.#lostLeases.inDoubt) return this.#parts.leaseMs / 3;
    void this.#lookForLost();
    return Math.min(DOUBT_MS, this.#parts.leaseMs / 3);
  }

  #lookForUnserved(): void {
    const patienceMs = this.#parts.patienceMs ?? PATIENCE_MS;
    const now = this.#parts.clock.monotonic();
    if (this.#state !== "running" || now - this.#lookedAt < patienceMs) return;
    this.#lookedAt = now;
    this.#engine.unserved(patienceMs).then(
      (unserved) => this.#unrunnable.tell(unserved),
      (error) => this.#parts.logger.debug("what nobody runs could not be read", { error }),
    );
  }

  async #lookForLost(): Promise<void> {
    try {
      const lost = await this.#lostLeases.run();
      if (lost > 0) {
        this.#parts.logger.warn("leases whose answers were lost are handed back", { executions: lost });
      }
    } catch (error) {
      this.#parts.logger.debug("what is leased to this worker could not be read", { error });
    }
  }

  async #beat(): Promise<void> {
    const beat = await this.#engine.beat();
    this.#lastHeard = this.#parts.clock.monotonic();
    this.#turnMs = beat.turnMs;
    for (const { id, reason, message } of beat.stop) {
      this.#inFlight.stop(id, reason, message ?? STOPS[reason]);
    }
    if (!beat.alive && this.#state === "running") await this.#beginAnew();
  }

  // A beat and a claim may both hear it; what is claimed after it belongs to the new registration.
  async #beginAnew(): Promise<void> {
    this.#reviving ??= this.#revive().finally(() => this.#reviving = undefined);
    await this.#reviving;
  }

  async #revive(): Promise<void> {
    this.#parts.logger.warn(
      "this worker was silent for too long and was given up; its work went to others, it begins anew",
    );
    this.#inFlight.stopAll("lost", STOPS.lost);
    await this.#engine.register();
    this.#lastHeard = this.#parts.clock.monotonic();
  }

  async #tick(): Promise<number> {
    try {
      const { ms, wrote } = await this.#engine.tick();
      this.#failedTicks = 0;
      if (wrote) this.#sleep.wake();
      const pauseMs = tickPause(
        this.#backoff.phase === "idle" ? this.#turnMs : AWAKE_TICK_MS,
        this.#parts.clock.random(),
      );
      return Math.max(QUICKEST_TICK_MS, Math.min(pauseMs, ms ?? pauseMs));
    } catch (error) {
      // Once, and then now and then: what is wrong with one tick is wrong with the next.
      if (this.#failedTicks++ % 60 === 0) {
        this.#parts.logger.warn("tick failed; it is tried again every second", { error });
      }
      return 1_000;
    }
  }

  // Nothing reaches the database any more: what is in hand is lost to others when the lease is over.
  async #giveUp(message: string): Promise<void> {
    this.#isClosing = true;
    this.#inFlight.stopAll("lost", message);
    this.#steps.abandon();
    this.#commits.abandon();
    const quiet = Promise.all([this.#heartbeats.stop(), this.#ticks.stop()]);
    await within(this.#parts.clock, quiet, LAST_WORDS_MS);
  }

  async #leave(unlisten: () => Promise<void>): Promise<void> {
    const { graceMs, logger } = this.#parts;
    await within(this.#parts.clock, this.#flows.releaseKeptTimers(), LAST_WORDS_MS);
    // A tick whose connection died without a word is never answered.
    await within(this.#parts.clock, this.#ticks.stop(), LAST_WORDS_MS);
    if (!await this.#inFlight.emptied(graceMs)) {
      this.#leftBehind = this.#inFlight.size;
      logger.warn("the grace time is over; what still runs is handed back", { executions: this.#leftBehind });
      this.#inFlight.stopAll("shutdown", "The worker shut down before the handler was done");
      await this.#inFlight.emptied(LAST_WORDS_MS);
    }
    this.#isClosing = true;
    const cancelAbandon = this.#parts.clock.after(Math.max(graceMs, LAST_WORDS_MS), () => {
      this.#steps.abandon();
      this.#commits.abandon();
    });
    await this.#steps.drained();
    await this.#commits.drained();
    cancelAbandon();
    await this.#heartbeats.stop();
    await this.#reporter.flush();
    try {
      await unlisten();
      await this.#engine.leave();
    } catch (error) {
      logger.warn("leave could not be taken; the leases end by themselves", { error });
    }
  }

  // Half of it by chance: workers that lost a server do not all come back to it at once.
  #pauseAfter(troubles: number): number {
    return Math.min(2_000, 50 * 2 ** troubles) * (0.5 + this.#parts.clock.random() / 2);
  }

  #trouble(what: string, error: unknown, attempt: number): void {
    // Deadlocks and the like are over with the next call.
    if (attempt > 1 || this.#engine.isTooSlow(error)) {
      this.#troubles.set(what, error instanceof RhythmError ? error.code : String(error));
    }
    const log = attempt === 1 ? this.#parts.logger.warn : this.#parts.logger.error;
    log(`${what} failed; it is tried again`, { attempt, error });
    // It may have been committed all the same, with leases that only its answer would have told.
    this.#lostLeases.doubt(2 * this.#parts.leaseMs);
    this.#heartbeats.at(DOUBT_MS);
  }

  #warnLag(lagMs: number): void {
    const running = [...new Set([...this.#inFlight.all()].map(({ claimed }) => claimed.target))].slice(0, 5);
    this.#parts.logger.warn(
      `the event loop stood still for ${Math.round(lagMs)} ms; no heartbeat was sent meanwhile`,
      { lagMs: Math.round(lagMs), running },
    );
  }
}

const STOPS = {
  cancelled: "The execution was cancelled",
  lost: "The lease of the execution was lost to another worker",
} as const;

// Larger claims and settles gain nothing, and hold their locks longer.
const BATCH = 1_000;

// While answers may have been lost, the engine is asked this often what it has leased to this worker.
const DOUBT_MS = 1_000;

// What is due within this time is done in one go.
const QUICKEST_TICK_MS = 2;

// How long handlers and settles get after the grace time.
const LAST_WORDS_MS = 1_000;
