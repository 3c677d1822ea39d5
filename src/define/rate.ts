import type { ExecutionType } from "./execution.ts";

/** What workers ended in one minute or hour, of one task or workflow in one queue. */
export interface Rate {
  /** The beginning of the minute or hour. */
  readonly at: Date;
  /** A task, or a workflow. */
  readonly type: ExecutionType;
  /** Its name. */
  readonly target: string;
  /** The queue. */
  readonly queue: string;
  /** How many completed. */
  readonly completed: number;
  /** How many failed and are not repeated. */
  readonly failed: number;
  /** How many were cancelled. */
  readonly cancelled: number;
  /** How many attempts threw and are repeated. */
  readonly retried: number;
  /** How long they took in the mean: of a task an attempt, of a workflow its life. */
  readonly meanMs: number | null;
  /** What half of them took at most. */
  readonly p50Ms: number | null;
  /** What 95 of 100 took at most. */
  readonly p95Ms: number | null;
  /** What 99 of 100 took at most. */
  readonly p99Ms: number | null;
}

/** Which rates. */
export interface RateFilter {
  /** By the minute, for a day; by the hour, for 90 days. Default: minute. */
  span?: "minute" | "hour";
  /** Not before. Default: an hour ago; by the hour, a day ago. */
  since?: Date;
  /** Before this. Default: now. */
  until?: Date;
  /** Tasks, or workflows. */
  type?: ExecutionType;
  /** The task or flow. */
  target?: string;
  /** The queue. */
  queue?: string;
  /** One row for the whole time, not one for each minute or hour. Default: false. */
  total?: boolean;
}
