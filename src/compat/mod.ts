/**
 * The names and the forms of the Python SDKs of Rhythm and pgqrs, for code that is moved over: the builder, positional
 * arguments, ids instead of runs, enums. Everything here calls `@rhythm/core` and `@rhythm/core/steps`, and adds nothing to them.
 *
 * ```ts
 * import { getExecution, init, queueTask, waitForExecution } from "@rhythm/core/compat";
 *
 * async function main(): Promise<void> {
 *   await using rhythm = await init("postgresql://rhythm@localhost/rhythm", ["./workflows"]);
 *   const executionId = await queueTask("send_email", { to: "user@example.com" });
 *   console.log((await waitForExecution(executionId, 60, 0.5)).status, await getExecution("exec_abc123"));
 *   await rhythm.signalService.sendSignal({ workflowId: executionId, signalName: "manager-approval", payload: true });
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
