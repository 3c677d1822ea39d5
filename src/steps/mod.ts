/**
 * Durable workflows in TypeScript: functions whose steps run once, also after a crash.
 *
 * ```ts
 * import { Admin, step, workflow } from "@rhythm/core/steps";
 *
 * const fetchUser = step("fetch_user", (_ctx, id: number) => ({ id, name: "Ada" }));
 * const greet = workflow("greet", async (ctx, id: number) => `Hello, ${(await fetchUser(ctx, id)).name}`);
 *
 * async function main(): Promise<void> {
 *   await using admin = new Admin("postgres://localhost/mydb");
 *   await admin.install();
 *   const ctx = await admin.createWorkflow(greet, 1);
 *   console.log(await greet(ctx, 1));
 * }
 * ```
 *
 * @module
 */
export { ClosedError } from "../define/mod.ts";
export type {
  DebounceOptions,
  RetryPolicy,
  SqlRow,
  SqlRunner,
  SqlTag,
  TaskLog,
  ThrottleOptions,
  Transaction,
  UniqueOptions,
  WorkflowDefaults,
  WorkflowDefinition,
  WorkflowRef,
} from "../define/mod.ts";
export type { Duration } from "../shared/duration.ts";
export { RhythmError } from "../shared/error.ts";
export { JsonError } from "../shared/json.ts";
export { Admin, type AdminOptions, type CreateWorkflowOptions } from "./admin.ts";
export type { ChildOptions, NamedChild, TaskLike } from "./child.ts";
export { type TagValues, type TransactionalStepContext, type WaitKey, WorkflowContext } from "./context.ts";
export { ContextError, DuplicateStepError, TransientStepError, WorkflowCancelledError } from "./errors.ts";
export type { FakeContext, StepAnswer, StepContext, StepEnd } from "./fake_context.ts";
export { type StepAcquisition, StepGuard } from "./guard.ts";
export { type Step, step } from "./step.ts";
export type { StepOptions } from "./step_options.ts";
export type { Question } from "./question.ts";
export type { Stored } from "./stored.ts";
export { type Workflow, workflow } from "./workflow.ts";
