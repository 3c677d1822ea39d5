import type { SqlRunner } from "../shared/transaction.ts";
/** A logger whose lines are kept with the execution and go to the worker's own log as well. */
export interface TaskLog {
  /** For debugging. */
  debug(message: string, data?: unknown): void;
  /** What happened. */
  info(message: string, data?: unknown): void;
  /** What should not have happened, and was dealt with. */
  warn(message: string, data?: unknown): void;
  /** What went wrong. */
  error(message: string, data?: unknown): void;
}

/** A database row. */
export type SqlRow = Record<string, unknown>;

/** SQL as a tagged template, parameters where values stand. */
export interface SqlTag extends SqlRunner {
  /** Runs one statement; every `${value}` becomes a parameter. */
  <T extends SqlRow = SqlRow>(strings: TemplateStringsArray, ...values: unknown[]): PromiseLike<T[]>;
}

/** What a handler is given besides its input. */
export interface TaskContext {
  /** The execution's id: the same on every attempt, so it serves as idempotency key for calls to the outside. */
  readonly executionId: string;
  /** The task's name. */
  readonly taskName: string;
  /** 1 on the first attempt. */
  readonly attempt: number;
  /** Fires on cancellation, timeout, a lost lease, and when the grace time of a stopping worker has passed. */
  readonly signal: AbortSignal;
  /** What the starter attached. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Durable log lines. */
  readonly log: TaskLog;
  /** Stores the progress of the handler. Readers of the execution see the last value. */
  progress(value: unknown): void;
  /**
   * Stores a value for the next attempt, which finds it in `lastCheckpoint`. It is stored when the promise is fulfilled.
   * Throws if the execution is cancelled or leased to another worker by now.
   */
  checkpoint(value: unknown): Promise<void>;
  /** What the last `checkpoint()` of an earlier attempt stored; `undefined`: nothing. */
  readonly lastCheckpoint: unknown;
  /** Says "still here" at once, and throws if the execution is cancelled or leased to another worker by now. */
  heartbeat(): Promise<void>;
}

/** The context of a transactional task. */
export interface TransactionalContext extends TaskContext {
  /** The transaction that settles the execution: what is written here commits with its completion, or not at all. */
  readonly sql: SqlTag;
}
