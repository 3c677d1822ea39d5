import type {
  Execution as CoreExecution,
  ExecutionStatus as CoreStatus,
  ExecutionType as CoreType,
  JsonValue,
} from "../../mod.ts";

/** Where an execution stands. */
export type ExecutionStatus = CoreStatus;

/** The statuses by the names that they have in Python: `ExecutionStatus.RUNNING` is `"running"`. */
export const ExecutionStatus: {
  readonly PENDING: "pending";
  readonly RUNNING: "running";
  readonly SUSPENDED: "suspended";
  readonly COMPLETED: "completed";
  readonly FAILED: "failed";
  readonly CANCELLED: "cancelled";
} = {
  PENDING: "pending",
  RUNNING: "running",
  SUSPENDED: "suspended",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

/** What an execution runs. */
export type ExecutionType = CoreType;

/** The types by the names that they have in Python: `ExecutionType.TASK` is `"task"`. */
export const ExecutionType: { readonly TASK: "task"; readonly WORKFLOW: "workflow" } = {
  TASK: "task",
  WORKFLOW: "workflow",
};

/** One execution, with the names of the Python SDK beside the names of `@rhythm/core`. */
export interface Execution extends CoreExecution {
  /** The name of the task or workflow: `target`. */
  targetName: string;
  /** The result if it completed; the error (`type`, `message`, …) if it failed. */
  output: JsonValue;
}

/** Which executions `queryExecutions()` lists. Conditions are combined with "and". */
export interface ExecutionFilters {
  /** The name of the task or workflow. */
  targetName?: string;
  /** The status. */
  status?: ExecutionStatus;
  /** Children of this workflow. */
  parentWorkflowId?: string;
  /** The queue. */
  queue?: string;
  /** How many at most. Default: 100. */
  limit?: number;
  /** How many to leave out first. Default: 0. */
  offset?: number;
}

/** An execution under the names of the Python SDK. */
export function toExecution(execution: CoreExecution): Execution {
  const { target, status, output, error } = execution;
  return {
    ...execution,
    targetName: target,
    output: status === "failed" ? error as unknown as JsonValue : output,
  };
}
