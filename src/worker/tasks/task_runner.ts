import type { AnyTask, Logger, TaskDefinition, Telemetry } from "../../define/mod.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Claimed, Engine, Outcome } from "../engine/engine.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import { releasedOf, STALE } from "../engine/outcome.ts";
import { factsOf, mayThrowAgain, spanOf, thrownOf, type WorkerObserver } from "../loop/observer.ts";
import type { InFlightSet } from "../loop/in_flight.ts";
import { Batches } from "./batches.ts";
import { runTask, type TaskEnd, type TaskLimits, timeoutOf } from "./run_task.ts";
import type { Ledger } from "../loop/ledger.ts";
import { Semaphore } from "../../shared/semaphore.ts";
import type { WorkerStats } from "../loop/stats.ts";
import { type RunServices, TaskRun, TaskStoppedError } from "./task_run.ts";

/** Takes how tasks ended. */
export interface TaskEnds {
  /** Takes the end of a task. */
  taskEnded(outcome: Outcome, task: Claimed): void;
}

/** What running tasks needs. */
export interface TaskRunnerParts {
  /** Measures the time. */
  readonly clock: Clock;
  /** The tasks there are handlers for. */
  readonly tasks: readonly AnyTask[];
  /** The engine: it settles transactional tasks. */
  readonly engine: Pick<Engine, "settleInTransaction" | "isTransient">;
  /** Where log lines go, and what says whether a lease still holds. */
  readonly client: EngineClient;
  /** Where ends go. */
  readonly ends: TaskEnds;
  /** What is in flight. */
  readonly inFlight: InFlightSet;
  /** Where the worker logs. */
  readonly logger: Logger;
  /** Where the lines of handlers go. */
  readonly handlerLogger: Logger;
  /** What is counted. */
  readonly stats: WorkerStats;
  /** Is told what the database has stored. */
  readonly ledger: Ledger;
  /** How many transactional tasks at once. */
  readonly transactions: number;
  /** How long the worker may be silent. */
  readonly leaseMs: number;
  /** The most bytes of an output. */
  readonly maxOutputBytes: number;
  /** Tracing, if it is collected. */
  readonly telemetry?: Telemetry;
  /** Hears what happens. */
  readonly observer?: WorkerObserver;
}

/** Runs tasks: finds the handler, runs it within its limits, hands on how it ended. */
export class TaskRunner {
  readonly #parts: TaskRunnerParts;
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;
  readonly #transactions: Semaphore;
  readonly #batches: Batches;
  readonly #services: RunServices;
  readonly #limits: Omit<TaskLimits, "timeoutMs">;

  /** @param parts what it needs */
  constructor(parts: TaskRunnerParts) {
    this.#parts = parts;
    this.#definitions = new Map(parts.tasks.map((made) => [made.name, made.definition]));
    this.#transactions = new Semaphore(parts.transactions);
    this.#batches = new Batches({
      clock: parts.clock,
      longestWaitMs: parts.leaseMs / 4,
      isFresh: (claimed) => parts.client.isFresh(claimed),
      onBlocked: (claimed, ms) => this.#warnBlocked(claimed, ms),
      onCall: (target, size) => parts.stats.of("task", target).batches.observe(size),
    });
    this.#services = {
      clock: parts.clock,
      reporter: parts.client.reporter,
      logger: parts.handlerLogger,
      heartbeat: () => parts.client.beat(),
      checkpoint: (lease, checkpoint) => parts.client.checkpoint(lease, checkpoint),
    };
    this.#limits = {
      clock: parts.clock,
      maxOutputBytes: parts.maxOutputBytes,
      onStray: (promise) => {
        parts.stats.strays++;
        promise.finally(() => parts.stats.strays--);
      },
    };
  }

  /** Whether there is a handler. */
  knows(target: string): boolean {
    return this.#definitions.has(target);
  }

  /** Hands back what is gathered for batches and has not begun. */
  drain(): void {
    this.#batches.drain();
  }

  /** Starts the run of a task there is a handler for. */
  start(claimed: Claimed): void {
    if (!this.#parts.client.isFresh(claimed)) {
      return this.#parts.ends.taskEnded(releasedOf(claimed, STALE), claimed);
    }
    const definition = this.#definitions.get(claimed.target)!;
    const run = new TaskRun(definition, claimed, this.#services);
    this.#parts.inFlight.add(claimed, run);
    this.#parts.ledger.began(claimed);
    this.#parts.observer?.({ type: "started", ...factsOf(claimed), inputs: claimed.inputs });
    if (this.#parts.telemetry === undefined) {
      void this.#carry(definition, claimed, run);
    } else {
      // Only the span needs the rejection, to record a failure.
      this.#parts.telemetry.span(spanOf(claimed), async () => {
        const failure = await this.#carry(definition, claimed, run);
        if (failure !== undefined) throw failure;
      }).catch(() => {});
    }
  }

  async #carry(definition: TaskDefinition, claimed: Claimed, run: TaskRun): Promise<Error | undefined> {
    const end = definition.options.transactional
      ? await this.#runTransactional(definition, claimed, run)
      : await this.#run(definition, claimed, run);
    this.#parts.inFlight.remove(claimed);
    if (end === undefined) return undefined;
    const outcome = outcomeOf(end, claimed, run.tookMs);
    if (this.#parts.observer !== undefined) observe(this.#parts.observer, claimed, end);
    if (outcome !== undefined) this.#parts.ends.taskEnded(outcome, claimed);
    return end.status === "failed" ? thrownOf(end.error) : undefined;
  }

  async #run(definition: TaskDefinition, claimed: Claimed, run: TaskRun): Promise<TaskEnd> {
    const began = this.#parts.clock.monotonic();
    const timeoutMs = timeoutOf(definition, claimed.timeoutMs);
    const limits = { ...this.#limits, timeoutMs };
    const ending = definition.batch === undefined
      ? runTask(definition, claimed.inputs, run, limits)
      : this.#batches.run(definition, claimed, run, limits);
    const blockedMs = this.#parts.clock.monotonic() - began;
    if (blockedMs > BLOCKED_MS) this.#warnBlocked(claimed, blockedMs);
    const end = await ending;
    await run.told();
    run.tookMs = this.#parts.clock.monotonic() - (run.beganAt ?? began);
    this.#parts.stats.of("task", claimed.target).seconds.observe(run.tookMs / 1000);
    return end;
  }

  // If the transaction has settled the execution itself, nothing is given back.
  async #runTransactional(
    definition: TaskDefinition,
    claimed: Claimed,
    run: TaskRun,
  ): Promise<TaskEnd | undefined> {
    return await this.#transactions.run(async () => {
      if (!this.#parts.client.isFresh(claimed)) run.stop("shutdown", STALE);
      if (run.stopped !== undefined) return { status: "stopped", stop: run.stopped };
      let end: TaskEnd | undefined;
      let outcome: Outcome | undefined;
      try {
        await this.#parts.engine.settleInTransaction(claimed, async (sql) => {
          run.joinTransaction(sql);
          end = await this.#run(definition, claimed, run);
          outcome = outcomeOf(end, claimed, run.tookMs);
          if (end.status !== "completed" || outcome === undefined) throw new NotCommitted();
          return outcome;
        });
        this.#parts.ledger.ended(outcome!);
        if (this.#parts.observer !== undefined) observe(this.#parts.observer, claimed, end!);
        return undefined;
      } catch (error) {
        if (error instanceof NotCommitted) return end!;
        if (this.#parts.engine.isTransient(error) && run.stopped === undefined) {
          return this.#postponed(claimed, error);
        }
        return failedCommit(error, run);
      }
    });
  }

  // Either nothing of it is committed, or all of it. In that case what is handed back here is refused.
  #postponed(claimed: Claimed, error: unknown): TaskEnd {
    this.#parts.logger.warn(
      `task "${claimed.target}" could not be committed; it is tried again, and no attempt is counted`,
      { task: claimed.target, execution: claimed.id, error },
    );
    const reason = `Its transaction failed: ${error instanceof Error ? error.message : String(error)}`;
    return { status: "released", reason, delayMs: POSTPONE_MS };
  }

  #warnBlocked(claimed: Claimed, ms: number): void {
    this.#parts.logger.warn(
      `task "${claimed.target}" blocked the event loop for ${
        Math.round(ms)
      } ms: nothing else ran, no heartbeat was ` +
        `sent; make it asynchronous, or declare it with isolate: true`,
      { task: claimed.target, execution: claimed.id, blockedMs: Math.round(ms) },
    );
  }
}

/** Rolls the transaction of a handler back that did not complete. */
class NotCommitted extends Error {}

// A failover takes longer. Until then, each of a few transactions tries this often.
const POSTPONE_MS = 1_000;

// A handler that blocks the event loop for longer than this gets a warning.
const BLOCKED_MS = 500;

function outcomeOf(end: TaskEnd, claimed: Claimed, tookMs: number | undefined): Outcome | undefined {
  const { id, call } = claimed;
  const hasParent = claimed.parentId !== null;
  if (end.status === "completed") {
    return { id, call, claimed, tookMs, hasParent, status: "completed", output: end.output };
  }
  if (end.status === "failed") {
    return {
      id,
      call,
      claimed,
      tookMs,
      hasParent,
      status: "failed",
      error: end.error,
      retryable: end.retryable,
    };
  }
  if (end.status === "released") {
    return { id, call, claimed, tookMs, status: "released", reason: end.reason, delayMs: end.delayMs };
  }
  if (end.stop.reason === "cancelled") return { id, call, claimed, tookMs, hasParent, status: "cancelled" };
  if (end.stop.reason === "shutdown") {
    return { id, call, claimed, tookMs, status: "released", reason: end.stop.message, delayMs: 0 };
  }
  return undefined;
}

function observe(observer: WorkerObserver, claimed: Claimed, end: TaskEnd): void {
  const event = factsOf(claimed);
  if (end.status === "completed") {
    observer({ type: "completed", ...event, output: end.output });
  } else if (end.status === "failed") {
    const willRetry = end.retryable && mayThrowAgain(claimed);
    observer({ type: "failed", ...event, error: end.error, willRetry });
  } else if (end.status === "released") {
    observer({ type: "released", ...event });
  } else {
    observer({ type: end.stop.reason === "cancelled" ? "cancelled" : "released", ...event });
  }
}

function failedCommit(error: unknown, run: TaskRun): TaskEnd {
  if (run.stopped !== undefined) return { status: "stopped", stop: run.stopped };
  const message = error instanceof Error ? error.message : String(error);
  const lost = (error as { code?: string }).code === "LEASE_LOST";
  if (lost) return { status: "stopped", stop: new TaskStoppedError("lost", message) };
  return { status: "failed", error: { type: "TransactionError", message }, retryable: true };
}
