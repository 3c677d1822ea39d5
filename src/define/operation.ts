import type { JsonObject } from "../shared/json.ts";
import type { ExecutionRef, ExecutionStatus, ExecutionType } from "./execution.ts";

/** What can be done to many executions. */
export type OperationAction = "cancel" | "retry" | "signal" | "pause" | "resume";

/** Which executions an operation changes: those that fit all that is given. */
export interface OperationFilter {
  /** Tasks, or workflows. */
  type?: ExecutionType;
  /** The task or flow. */
  target?: string;
  /** The version of the flow. */
  version?: number;
  /** One of these. */
  status?: ExecutionStatus | readonly ExecutionStatus[];
  /** The queue. */
  queue?: string;
  /** Children of this one. */
  parent?: ExecutionRef;
  /** The number that failures of one kind share. */
  fingerprint?: string;
  /** What failed at this line of its flow. */
  line?: number;
  /** Workflows that have these variables now, or had them last: those that `index` of the flow's front matter names. */
  variables?: Record<string, string | number | boolean>;
  /** What the metadata contains. */
  metadata?: Record<string, unknown>;
  /** Paused ones, or those that are not. */
  paused?: boolean;
  /** Created then or later. */
  createdAfter?: Date | string;
  /** Created before. */
  createdBefore?: Date | string;
}

/** What to do to many executions. */
export interface OperationRequest {
  /** What to do. */
  action: OperationAction;
  /** To which executions. */
  filter: OperationFilter;
  /** Why, for `cancel` and `pause`. */
  reason?: string;
  /** The name of the signal. */
  name?: string;
  /** The payload of the signal. */
  payload?: unknown;
  /** Only record what it would change. */
  dryRun?: boolean;
  /** Who does it. Default: the role of the connection. */
  by?: string;
}

/** Something that is done to many executions, as it was when it was read. */
export interface Operation {
  /** Its UUIDv7. */
  readonly id: string;
  /** What is done. */
  readonly action: OperationAction;
  /** Whether it goes on. */
  readonly state: "running" | "stopped" | "completed";
  /** It only records what it would change. */
  readonly dryRun: boolean;
  /** Which executions, in the names of SQL. */
  readonly filter: JsonObject;
  /** The arguments of the action. */
  readonly args: JsonObject;
  /** Who started it. */
  readonly startedBy: string;
  /** When. */
  readonly createdAt: Date;
  /** When it was completed. */
  readonly endedAt: Date | null;
  /** How many executions it has looked at. */
  readonly looked: number;
  /** How many it has changed, or would change. */
  readonly done: number;
  /** How many there was nothing to change of. */
  readonly unchanged: number;
  /** How many refused the change. */
  readonly refused: number;
  /** How many others have locked; it tries them again. */
  readonly locked: number;
}

/** What an operation did to one execution. */
export interface OperationAct {
  /** The execution. */
  readonly executionId: string;
  /** When. */
  readonly at: Date;
  /** What came of it; nothing: it was locked, and is tried again. */
  readonly result: "done" | "would" | "unchanged" | "refused" | null;
  /** Why it refused. */
  readonly detail: string | null;
}
