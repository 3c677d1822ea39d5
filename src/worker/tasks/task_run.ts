import { LOST } from "../engine/engine_client.ts";
import type { Checkpoint, Claimed, Lease } from "../engine/engine.ts";
import { lineFactsOf } from "../loop/observer.ts";
import { RhythmError } from "../../shared/error.ts";
import { errorsAsObjects, storableText, toJson } from "../../shared/json.ts";
import type { Logger, SqlTag, TaskDefinition, TaskLog, TransactionalContext } from "../../define/mod.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Reporter } from "../engine/reporter.ts";

// A line or progress that is too large would keep all others of the same report from being stored.
const MOST_BYTES = 1_000_000;

/** Why a run is stopped from outside. */
export type StopReason = "cancelled" | "timeout" | "lost" | "shutdown";

/** The reason of a handler's `ctx.signal`. */
export class TaskStoppedError extends RhythmError {
  override readonly name: string;
  /** Why. */
  readonly reason: StopReason;

  /** @param reason why @param message the sentence */
  constructor(reason: StopReason, message: string) {
    super(message, { code: `TASK_${reason.toUpperCase()}` });
    this.reason = reason;
    this.name = reason === "timeout" ? "TimeoutError" : "AbortError";
  }
}

/** What a run needs to know of its execution. */
export type RunFacts = Pick<
  Claimed,
  "kind" | "id" | "call" | "target" | "queue" | "attempt" | "metadata" | "traceparent" | "checkpoint"
>;

/** What the runs of one worker share. */
export interface RunServices {
  /** Says when a line was written. */
  readonly clock: Clock;
  /** Where durable lines and progress go. */
  readonly reporter: Reporter;
  /** The worker's own log. */
  readonly logger: Logger;
  /** Looks at once whether an execution is still ours; stops its run if not. */
  readonly heartbeat: (id: string) => Promise<void>;
  /** Stores a value for the next attempt; false: the lease is lost. */
  readonly checkpoint: (lease: Lease, checkpoint: Checkpoint) => Promise<boolean>;
}

/** One attempt at one task, as its handler sees it. Rarely used members are made when they are first used. */
export class TaskRun implements TransactionalContext {
  readonly executionId: string;
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly taskName: string;
  readonly #services: RunServices;
  readonly #facts: RunFacts;
  #controller: AbortController | undefined;
  #tells = false;
  #stopped: TaskStoppedError | undefined;
  #onStop: ((error: TaskStoppedError) => void) | undefined;
  /** When the handler of its batch began, by the monotonic clock; nothing: at once. */
  beganAt: number | undefined;
  /** How long its handler ran, in milliseconds, once it has ended. */
  tookMs: number | undefined;
  #checkpoints = 0;
  #log: TaskLog | undefined;
  #sql: SqlTag | undefined;

  /** @param definition the task @param facts its execution @param services what the worker's runs share */
  constructor(definition: TaskDefinition, facts: RunFacts, services: RunServices) {
    this.executionId = facts.id;
    this.attempt = facts.attempt;
    this.metadata = facts.metadata;
    this.taskName = definition.name;
    this.#services = services;
    this.#facts = facts;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  get log(): TaskLog {
    return this.#log ??= {
      debug: (message, data) => this.#write("debug", message, data),
      info: (message, data) => this.#write("info", message, data),
      warn: (message, data) => this.#write("warn", message, data),
      error: (message, data) => this.#write("error", message, data),
    };
  }

  get sql(): SqlTag {
    if (this.#sql !== undefined) return this.#sql;
    throw new RhythmError(`Task "${this.taskName}" has no ctx.sql: it is not declared transactional`, {
      code: "NO_SQL",
    });
  }

  progress(value: unknown): void {
    this.#tells = true;
    this.#services.reporter.progress(
      this.executionId,
      toJson(value, { what: "progress", maxBytes: MOST_BYTES }),
    );
  }

  get lastCheckpoint(): unknown {
    return this.#facts.checkpoint;
  }

  async checkpoint(value: unknown): Promise<void> {
    const checkpoint = {
      value: toJson(value, { what: "checkpoint", maxBytes: MOST_BYTES }),
      nth: ++this.#checkpoints,
    };
    if (this.#stopped === undefined && !await this.#services.checkpoint(this.#facts, checkpoint)) {
      this.stop("lost", LOST);
    }
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  async heartbeat(): Promise<void> {
    if (this.#stopped === undefined) await this.#services.heartbeat(this.executionId);
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  /** Gives the handler the transaction that will settle it. */
  joinTransaction(sql: SqlTag): void {
    this.#sql = sql;
  }

  /** Waits until what the handler logged and reported is stored, so that nobody sees the end before it. */
  async told(): Promise<void> {
    if (this.#tells) await this.#services.reporter.flush();
  }

  /** Why the run was stopped, if it was. */
  get stopped(): TaskStoppedError | undefined {
    return this.#stopped;
  }

  /** Stops the run: fires the handler's signal, and lets `untilStopped` go on. Only the first reason counts. */
  stop(reason: StopReason, message: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = new TaskStoppedError(reason, message);
    this.#controller?.abort(this.#stopped);
    this.#onStop?.(this.#stopped);
  }

  /** Calls back at the stop, or at once if it has come already. */
  onStop(callback: (error: TaskStoppedError) => void): void {
    if (this.#stopped !== undefined) callback(this.#stopped);
    else this.#onStop = callback;
  }

  #write(level: keyof TaskLog, message: string, data: unknown): void {
    const fields = { ...lineFactsOf(this.#facts), ...(data === undefined ? {} : { data }) };
    this.#tells = true;
    this.#services.logger[level](message, fields);
    this.#services.reporter.log({
      id: this.executionId,
      level,
      message: storableText(String(message)),
      data: data === undefined
        ? null
        : toJson(errorsAsObjects(data), { what: "log data", maxBytes: MOST_BYTES }),
      at: new Date(this.#services.clock.now()),
    });
  }
}
