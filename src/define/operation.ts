import type { JsonObject } from "../shared/json.ts";
import type { ChangeOptions } from "./options.ts";
import type { ExecutionRef, ExecutionStatus, ExecutionType } from "./execution.ts";

/** What can be done to many executions. */
export type OperationAction =
  | "cancel"
  | "retry"
  | "signal"
  | "pause"
  | "resume"
  | "change"
  | "migrate"
  | "repair";

/** Which executions an operation changes: those that fit all that is given. */
export interface OperationFilter {
  /** These, 1,000 at most. */
  ids?: readonly ExecutionRef[];
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
  /** For `change`: the new queue, priority or time. */
  change?: ChangeOptions;
  /** The name of the signal. */
  name?: string;
  /** The payload of the signal. */
  payload?: unknown;
  /** For `migrate` and `repair`: the version to go to. `migrate` goes to the current one by default. */
  to?: number;
  /** For `migrate` and `repair`: lines of the old version, and those of the new one where to go on. */
  map?: Record<string, number>;
  /** For `migrate` and `repair`: whether what is likely is done, too. Default: `sure`. */
  accept?: "sure" | "likely";
  /** For `migrate` and `repair`: values of variables. */
  set?: Record<string, unknown>;
  /** For `migrate` and `repair`: whose variables they are, counted from 0 as `executions.at()` lists the branches. */
  fibre?: number;
  /** For `repair`: run what failed again (the default), or also end the pauses of what waits. */
  then?: "retry" | "resume";
  /** For `migrate` and `repair`: why; it is kept in the history. */
  note?: string;
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

/** Workflows of a migration or a repair that stand at the same place. */
export interface OperationPlace {
  /** The version that they run. */
  readonly version: number;
  /** The lines at which their branches stand; empty: they have not begun, or their version is not paired yet. */
  readonly lines: readonly number[];
  /** The text of these lines. */
  readonly sources: readonly string[];
  /** The lines of the other version where they go on; null: nowhere. */
  readonly toLines: readonly (number | null)[];
  /** The text of these lines. */
  readonly toSources: readonly (string | null)[];
  /** How sure that is; null: not known before a worker opens them, or they run that version already. */
  readonly how: "sure" | "likely" | "none" | null;
  /** Why it is not sure. */
  readonly why: string | null;
  /** What came of it. */
  readonly result: "done" | "would" | "unchanged" | "refused" | null;
  /** How many there are. */
  readonly executions: number;
  /** One of them. */
  readonly example: string;
}
