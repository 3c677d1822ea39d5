import type { ExecutionType } from "./execution.ts";

/**
 * What people know of failures of one kind. `resolved` becomes `new` when such a failure comes again; the others stay until
 * somebody changes them.
 */
export type FailureState = "new" | "known" | "resolved" | "ignored";

/** Failures of one kind, as they were counted when it was read. */
export interface FailureKind {
  /** What they share, as digits. */
  readonly fingerprint: string;
  /** What people know of them. */
  readonly state: FailureState;
  /** Tasks, or workflows. */
  readonly type: ExecutionType;
  /** The task or flow that failed. */
  readonly target: string;
  /** The error's class. */
  readonly errorType: string | null;
  /** The error's message, with # for what differs. */
  readonly message: string | null;
  /** How often it came. */
  readonly count: number;
  /** How many executions are failed now: those that were not retried or deleted. */
  readonly failed: number;
  /** When it came first. */
  readonly firstAt: Date;
  /** When it came last. */
  readonly lastAt: Date;
  /** How often it came in each of the last 24 hours; the last number is of the hour that has begun. */
  readonly trend: readonly number[];
  /** Of a workflow: the last ten versions of the flow that failed so, the newest first. */
  readonly versions: readonly number[];
  /** The execution that failed last. */
  readonly exampleId: string;
  /** When somebody set its state. */
  readonly changedAt: Date | null;
  /** Who. */
  readonly changedBy: string | null;
  /** A word about it. */
  readonly note: string | null;
}

/** Which kinds of failures. */
export interface FailureFilter {
  /** One of these. */
  state?: FailureState | readonly FailureState[];
  /** The task or flow. */
  target?: string;
  /** How many at most. Default: 100. */
  limit?: number;
}
