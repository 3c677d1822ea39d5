import type { JsonObject } from "../shared/json.ts";
import type { ExecutionRef, ExecutionType } from "./execution.ts";

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

/** What to start, or which address to call, when executions fail. Give either `target` or `url`. */
export interface FailureHookOptions {
  /** The task or flow to start. */
  target?: string;
  /** Which of the two it is. Default: `task`. */
  type?: ExecutionType;
  /** The HTTP address to call, with POST. */
  url?: string;
  /** Calls of the address are signed with it (HMAC-SHA256). */
  secret?: string;
  /** `new`: for each kind of failures that is new. `failed`: for each execution that fails. Default: `new`. */
  event?: "new" | "failed";
  /** For which executions. Default: for all of them. */
  filter?: FailureHookFilter;
  /** The queue of what it starts. */
  queue?: string;
  /** Who sets it. Default: the role of the connection. */
  by?: string;
}

/** For which executions a hook is called: those that fit all that is given. */
export interface FailureHookFilter {
  /** Tasks, or workflows. */
  type?: ExecutionType;
  /** The task or flow. */
  target?: string;
  /** The version of the flow. */
  version?: number;
  /** The queue. */
  queue?: string;
  /** Children of this one. */
  parent?: ExecutionRef;
  /** Failures of one kind. */
  fingerprint?: string;
  /** What failed at this line of its flow. */
  line?: number;
  /** Workflows that have these variables. */
  variables?: Record<string, string | number | boolean>;
  /** What the metadata contains. */
  metadata?: Record<string, unknown>;
}

/** A hook, as it was when it was read. Its address and its secret cannot be read. */
export interface FailureHook {
  /** Its name. */
  readonly name: string;
  /** When it is called. */
  readonly event: "new" | "failed";
  /** For which executions. */
  readonly filter: JsonObject;
  /** A task, or a workflow. */
  readonly type: ExecutionType;
  /** What it starts; `rhythm.call` calls an address. */
  readonly target: string;
  /** The host of the address. */
  readonly host: string | null;
  /** Whether calls of the address are signed. */
  readonly isSigned: boolean;
  /** The queue of what it starts. */
  readonly queue: string | null;
  /** When it was set. */
  readonly createdAt: Date;
  /** By whom. */
  readonly createdBy: string;
  /** How many executions it has started. */
  readonly started: number;
  /** When it started the last one. */
  readonly lastAt: Date | null;
  /** The last one. */
  readonly lastId: string | null;
  /** Why the last one could not be started. */
  readonly problem: string | null;
}
