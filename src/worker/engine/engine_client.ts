import type { Logger } from "../../define/mod.ts";
import type { TickPart } from "../../db/calls/worker.ts";
import { type Clock, within } from "../../runtime/clock.ts";
import type { InFlightSet } from "../loop/in_flight.ts";
import { AWAKE_TICK_MS, RepeatingTimer, tickPause } from "../loop/repeating_timer.ts";
import type { Ledger } from "../loop/ledger.ts";
import type { WorkerStats } from "../loop/stats.ts";
import { PATIENCE_MS, type UnrunnableWork } from "../loop/unrunnable.ts";
import type { Checkpoint, Claimed, Engine, Lease } from "./engine.ts";
import { Exchange, type OpenWorkflows, pauseAfter } from "./exchange.ts";
import { persistent, Reporter } from "./reporter.ts";

/** What an engine client needs. */
export interface EngineClientParts {
  /** The engine. */
  readonly engine: Engine;
  /** Time and chance. */
  readonly clock: Clock;
  /** Where the worker logs. */
  readonly logger: Logger;
  /** What is counted. */
  readonly stats: WorkerStats;
  /** Is told what the database has stored. */
  readonly ledger: Ledger;
  /** What the worker has claimed and not finished. */
  readonly inFlight: InFlightSet;
  /** What to say of work that nobody runs. */
  readonly unrunnable: UnrunnableWork;
  /** How many executions the worker has in flight at most. */
  readonly concurrency: number;
  /** How long the worker may be silent before its leases are given to others. */
  readonly leaseMs: number;
  /** The longest pause between two polls. */
  readonly pollMs: number;
  /** How long a task may wait for a worker that has a handler for it before that is said. */
  readonly patienceMs?: number;
}

/** Who is given what comes from the engine. */
export interface EngineUser {
  /** Takes an execution that was leased. */
  readonly take: (claimed: Claimed) => void;
  /** The workflows that are open in memory. */
  readonly flows: OpenWorkflows;
}

/** All that goes from one worker to the engine and back: exchanges, heartbeats, ticks, reports. */
export class EngineClient {
  /** Hands back what ended and claims what comes next. */
  readonly exchange: Exchange;
  /** Gathers log lines and progress of running executions. */
  readonly reporter: Reporter;
  readonly #parts: EngineClientParts;
  readonly #beats: RepeatingTimer;
  /** One for each part of a tick, so that a slow one does not delay the others. */
  readonly #ticks: Readonly<Record<TickPart, RepeatingTimer>>;
  #heardAt = 0;
  #beatSentAt = -Infinity;
  #lookedAt = 0;
  #turnMs = AWAKE_TICK_MS;
  #isDeaf = false;
  #failedTicks = 0;
  #registering: Promise<void> | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  /** @param parts what it needs */
  constructor(parts: EngineClientParts) {
    this.#parts = parts;
    const { clock, engine, inFlight, logger } = parts;
    this.exchange = new Exchange(parts);
    inFlight.onRoom = (): void => this.exchange.roomFreed();
    this.reporter = new Reporter(
      clock,
      persistent((report) => engine.report(report), {
        clock,
        isTransient: (error) => engine.isTransient(error),
        onLost: ({ lines }, error) =>
          logger.warn("log lines of executions could not be stored", { lines: lines.length, error }),
      }),
    );
    this.#beats = new RepeatingTimer(clock, () => this.#beatInTime());
    const timer = (part: TickPart): RepeatingTimer => new RepeatingTimer(clock, () => this.#tick(part));
    this.#ticks = { due: timer("due"), chores: timer("chores"), sql_tasks: timer("sql_tasks") };
  }

  /** Whether the database answered within the lease. */
  get isHeard(): boolean {
    return this.#parts.clock.monotonic() - this.#heardAt < this.#parts.leaseMs;
  }

  /** Whether the worker still holds what it claimed, as far as it can tell without asking. */
  isFresh({ askedAt }: Claimed): boolean {
    const { clock, leaseMs } = this.#parts;
    return clock.monotonic() - Math.max(askedAt, this.#beatSentAt) <= leaseMs;
  }

  /** Makes the worker known. */
  async register(): Promise<void> {
    await this.#insist("register", () => this.#register());
  }

  /** Listens, sends heartbeats and ticks until `leave()`; exchanges until `exchange.close()`. */
  async run({ take, flows }: EngineUser): Promise<void> {
    const { clock, engine, leaseMs } = this.#parts;
    const ears = {
      onWork: () => this.exchange.call(),
      onDue: () => this.#ticks.due.at(0),
      onStop: () => this.#beats.at(0),
      onDeaf: () => this.#goDeaf(),
    };
    this.#unlisten = await this.#insist("listen", () => engine.listen(ears));
    this.#heard();
    this.#lookedAt = clock.monotonic();
    this.#beats.at(leaseMs / 3);
    for (const timer of Object.values(this.#ticks)) timer.start();
    await this.exchange.run({
      take,
      flows,
      answered: () => this.#heard(),
      due: (ms) => this.due(ms),
      registerAnew: () => this.#registerAnew(),
    });
  }

  // Work and moments are found by asking, and a task that must stop hears of it with a heartbeat.
  #goDeaf(): void {
    this.#isDeaf = true;
    this.exchange.goDeaf(DEAF_MS);
    this.#parts.logger.warn(
      "the database is behind a pooler in transaction mode, which passes on no notifications: idle workers ask once a second; " +
        "set RHYTHM_LISTEN_DATABASE_URL to an address without it, and they hear at once",
    );
  }

  /** Is told that something becomes due in a number of milliseconds. */
  due(ms: number): void {
    this.#ticks.due.at(Math.max(QUICKEST_TICK_MS, ms));
  }

  /** Stops ticking. */
  async stopTicking(): Promise<void> {
    await Promise.all(Object.values(this.#ticks).map((timer) => timer.stop()));
  }

  /** Ends the worker: what is still leased goes back at once. */
  async leave(): Promise<void> {
    const { engine, ledger, logger } = this.#parts;
    await this.#beats.stop();
    await this.reporter.flush();
    try {
      if (!ledger.rates.isEmpty) await this.beat();
      await this.#unlisten?.();
      await engine.leave();
    } catch (error) {
      logger.warn("leave could not be taken; the leases end by themselves", { error });
    }
  }

  /** Ends all timers and polls: nothing reaches the database any more. */
  async giveUp(): Promise<void> {
    await Promise.all([this.#beats.stop(), this.stopTicking()]);
  }

  /** Sends a heartbeat; stops what is cancelled, or no longer belongs to this worker. */
  async beat(): Promise<void> {
    const { clock, engine, inFlight, ledger } = this.#parts;
    const sentAt = clock.monotonic();
    const holds = new Map<string, number>();
    for (const { id, call } of this.exchange.holds()) holds.set(id, call);
    const { alive, cancelled, lost, turnMs } = await engine.beat(holds, ledger.rates.take());
    this.#heard();
    if (!alive) return this.exchange.isClaiming ? await this.#registerAnew() : undefined;
    this.#beatSentAt = sentAt;
    this.#turnMs = turnMs;
    for (const { id, reason } of cancelled) inFlight.stop(id, "cancelled", reason);
    for (const id of lost) {
      // It may have been settled and claimed again during the heartbeat.
      if (inFlight.get(id)?.call === holds.get(id)) inFlight.stop(id, "lost", LOST);
    }
  }

  /** Stores what a task leaves to its next attempt; false: the lease is lost. */
  async checkpoint(lease: Lease, checkpoint: Checkpoint): Promise<boolean> {
    return await this.#insist("a checkpoint", () => this.#parts.engine.checkpoint(lease, checkpoint));
  }

  async #beatInTime(): Promise<number> {
    const { clock, inFlight, leaseMs, logger } = this.#parts;
    const beating = this.beat().catch((error) => logger.warn("no answer to a heartbeat", { error }));
    // A connection that has died silently gives neither an answer nor an error, so it counts as silence.
    await within(clock, beating, leaseMs / 3);
    const silentMs = clock.monotonic() - this.#heardAt;
    if (silentMs > leaseMs) {
      const seconds = Math.round(silentMs / 1000);
      inFlight.stopAll("lost", `The worker reached no database for ${seconds} s; its leases are lost`);
    }
    this.#lookForUnserved();
    return leaseMs / 3;
  }

  async #tick(part: TickPart): Promise<number> {
    const { clock, engine, ledger, logger } = this.#parts;
    try {
      const { ms, wrote, failed } = await engine.tick(part);
      this.#failedTicks = 0;
      for (const one of failed ?? []) ledger.failedAlone(one);
      if (wrote) this.exchange.poll();
      const turnMs = this.exchange.isIdle && !this.#isDeaf ? this.#turnMs : AWAKE_TICK_MS;
      const pauseMs = tickPause(turnMs, clock.random());
      return Math.max(QUICKEST_TICK_MS, Math.min(pauseMs, ms ?? pauseMs));
    } catch (error) {
      // Logged once, and then from time to time, because every tick would have the same problem.
      if (this.#failedTicks++ % 60 === 0) {
        logger.warn("tick failed; it is tried again every second", { part, error });
      }
      return 1_000;
    }
  }

  #lookForUnserved(): void {
    const { clock, engine, logger, patienceMs = PATIENCE_MS, unrunnable } = this.#parts;
    const now = clock.monotonic();
    if (!this.exchange.isClaiming || now - this.#lookedAt < patienceMs) return;
    this.#lookedAt = now;
    engine.unserved(patienceMs).then(
      (unserved) => unrunnable.tell(unserved),
      (error) => logger.debug("what nobody runs could not be read", { error }),
    );
  }

  // A beat and a call may both find out. What is claimed after that belongs to the new registration.
  async #registerAnew(): Promise<void> {
    this.#registering ??= (async () => {
      this.#parts.logger.warn(
        "this worker was silent for too long and counted as dead; other workers have its work, and it registers again",
      );
      this.#parts.inFlight.stopAll("lost", LOST);
      await this.#register();
    })().finally(() => this.#registering = undefined);
    await this.#registering;
  }

  async #register(): Promise<void> {
    const { clock, engine } = this.#parts;
    const sentAt = clock.monotonic();
    await engine.register();
    this.#beatSentAt = sentAt;
    this.#heard();
  }

  // The worker waits for a database that is not there yet, as it does for one that goes away later.
  async #insist<T>(what: string, call: () => Promise<T>): Promise<T> {
    const { clock, engine, logger } = this.#parts;
    for (let attempt = 1;; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (!this.exchange.isClaiming || engine.isHopeless(error) || !engine.isTransient(error)) throw error;
        const log = attempt === 1 ? logger.warn : logger.error;
        log(`${what} failed; it is tried again`, { attempt, error });
        await this.exchange.pause(pauseAfter(attempt, clock.random()));
      }
    }
  }

  #heard(): void {
    this.#heardAt = this.#parts.clock.monotonic();
  }
}

/** What a run is told that is stopped because of it. */
export const LOST = "The lease of the execution was lost to another worker";

// How often a worker asks that hears of nothing.
const DEAF_MS = 1_000;

// What is due within this time is done together.
const QUICKEST_TICK_MS = 2;
