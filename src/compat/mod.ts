/**
 * The names and forms of the Python SDKs of Rhythm and pgqrs, for programs that move from there: the builder, positional
 * arguments, ids instead of runs, enums. Everything here calls `@rhythm/core` and `@rhythm/core/steps`, and adds nothing to them.
 *
 * ```ts
 * import { getExecution, init, startWorkflow, waitForExecution } from "@rhythm/core/compat";
 *
 * async function main(): Promise<void> {
 *   await using rhythm = await init("postgresql://rhythm@localhost/rhythm", ["./workflows"]);
 *   const workflowId = await startWorkflow("onboard_user", { userId: "123" });
 *   await rhythm.signalService.sendSignal({ workflowId, signalName: "manager-approval", payload: { approved: true } });
 *   console.log((await waitForExecution(workflowId, 60, 0.5)).status, await getExecution("exec_abc123"));
 * }
 * ```
 *
 * @module
 */
export { run, task } from "../../mod.ts";
export {
  cancelExecution,
  type Client,
  client,
  getExecution,
  listExecutions,
  queueExecution,
  queueTask,
  queueWorkflow,
  startWorkflow,
  waitForExecution,
  Worker,
} from "./functions.ts";
export { Application, init, InitBuilder, type InitOptions, type WorkflowFile } from "./init.ts";
export { type Execution, type ExecutionFilters, ExecutionStatus, ExecutionType } from "./models.ts";
export { Admin, PyWorkflow, step, StepStatus, workflow, WorkflowStatus } from "./pgqrs.ts";
export {
  type ExecutionRequest,
  ExecutionService,
  SchedulerService,
  type SignalRequest,
  SignalService,
} from "./services.ts";
