/**
 * Rhythm is durable execution inside Postgres: background tasks and workflows that survive crashes, restarts and deploys,
 * with no server to run beside your database. Tasks are TypeScript functions. A workflow is the body of an async JavaScript
 * function in a `.flow` file. Its state is stored in Postgres at every `await`.
 *
 * ```ts
 * import { Rhythm, task } from "@rhythm/core";
 *
 * const sendEmail = task({ name: "send_email", retry: { maxAttempts: 5 } }, ({ to }: { to: string }) => `mail to ${to}`);
 *
 * async function main(): Promise<void> {
 *   await using rhythm = await Rhythm.init({ tasks: [sendEmail], flows: ["./flows"] });
 *   const run = await rhythm.workflows.start("onboard_user", { userId: "123" });
 *   await using worker = rhythm.worker();
 *   void worker.run();
 *   console.log(await run.result({ timeout: "1m" }));
 * }
 * ```
 *
 * @module
 */
export { AppWorker } from "./src/app/app_worker.ts";
export { type FlowInput, FlowNotReadableError, type FlowSource } from "./src/app/flow_sources.ts";
export { NotRegisteredError } from "./src/app/registration.ts";
export {
  cancelExecution,
  explainExecution,
  getExecution,
  init,
  listExecutions,
  queueExecution,
  queueTask,
  queueWorkflow,
  retryExecution,
  run,
  scheduleExecution,
  sendSignal,
  startWorkflow,
  waitForExecution,
} from "./src/app/functions.ts";
export { onShutdown } from "./src/app/on_shutdown.ts";
export { createLogger, type LogFormat, type LogOptions } from "./src/app/log.ts";
export type { AdoptOptions, FetchOptions, InitOptions, WorkerOptions } from "./src/app/options.ts";
export { Rhythm } from "./src/app/rhythm.ts";
export type { Services } from "./src/app/services.ts";
export {
  AskNotFoundError,
  AskRejectedError,
  AskTimeoutError,
  AskUnansweredError,
  ExecutionCancelledError,
  ExecutionFailedError,
  InvalidIdError,
  WaitTimeoutError,
} from "./src/client/errors.ts";
export type { ExecutionRequest, Executions } from "./src/client/executions.ts";
export type { Failures } from "./src/client/failures.ts";
export type { Gates } from "./src/client/gates.ts";
export type { DrainOptions, Workers } from "./src/client/workers.ts";
export type { WorkerInfo } from "./src/db/calls/state.ts";
export type { Tokens } from "./src/client/tokens.ts";
export type { ChangePlan, Fork, ForkChanges, StateChanges, StepChanges } from "./src/client/changes.ts";
export type { MigrateOptions, Migration, RepairOptions } from "./src/client/migrations.ts";
export type { HistoryItem, HistoryStep, PastState, RunsPart, StateChange } from "./src/client/history.ts";
export type { FibreView } from "./src/flow/mod.ts";
export {
  FlowError,
  FlowNotStorableError,
  type Flows,
  type FlowText,
  type RegisteredFlow,
} from "./src/client/flows.ts";
export type { KeyLimits, QueueLimits, Queues } from "./src/client/queues.ts";
export type { ScheduleOptions, Schedules } from "./src/client/schedules.ts";
export type { Operations } from "./src/client/operations.ts";
export type { SignalOptions, Signals } from "./src/client/signals.ts";
export type { RunNowOptions, Tasks } from "./src/client/tasks.ts";
export type { Workflows } from "./src/client/workflows.ts";
export {
  EngineError,
  ExecutionNotFoundError,
  ExecutionStateError,
  FlowInputError,
  InvalidArgumentError,
  IsolationError,
  NotAdoptedError,
  PayloadTooLargeError,
  PgCronError,
  StatementError,
  UniqueKeyError,
  UnknownNameError,
  WorkerNotRegisteredError,
} from "./src/db/engine_errors.ts";
export { DatabaseInUseError } from "./src/db/embedded_lock.ts";
export { DatabaseUnavailableError } from "./src/db/errors.ts";
export type { FlowInfo, FlowVersion } from "./src/db/calls/flows.ts";
export type { RegisterOptions } from "./src/client/deploy.ts";
export type { QueueInfo } from "./src/db/calls/queues.ts";
export type { ScheduleInfo } from "./src/db/calls/schedules.ts";
export { pushTask } from "./src/app/push/push_task.ts";
export type { PushOptions } from "./src/app/push/push_task.ts";
export { serveTasks } from "./src/app/push/serve_tasks.ts";
export type { ServeTasksOptions } from "./src/app/push/serve_tasks.ts";
export { installSql } from "./src/db/install.ts";
export { InstallError } from "./src/db/install_errors.ts";
export type {
  AnyTask,
  AnyWorkflow,
  Ask,
  AskOptions,
  AuditEntry,
  AuditFilter,
  BatchContext,
  BatchDefinition,
  BatchItem,
  BatchOptions,
  BatchResults,
  ChangeOptions,
  ContextFor,
  DebounceOptions,
  Execution,
  ExecutionError,
  ExecutionFilter,
  ExecutionPage,
  ExecutionRef,
  ExecutionStatus,
  ExecutionType,
  FailureFilter,
  FailureHook,
  FailureHookFilter,
  FailureHookOptions,
  FailureKind,
  FailureState,
  FlowHeat,
  Gate,
  GateCondition,
  GateOptions,
  HeatFilter,
  HeatLine,
  IsolateOptions,
  LogEntry,
  LogFields,
  Logger,
  LogKind,
  LogLevel,
  Operation,
  OperationAct,
  OperationAction,
  OperationFilter,
  OperationPlace,
  OperationRequest,
  Pause,
  PauseOptions,
  Rate,
  RateFilter,
  Reason,
  ReasonKind,
  RetryPolicy,
  Run,
  ScheduledOptions,
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  SignalUrlOptions,
  SqlRow,
  SqlRunner,
  SqlTag,
  StandardSchema,
  StartOptions,
  Task,
  TaskContext,
  TaskDefinition,
  TaskLog,
  TaskOptions,
  ThrottleOptions,
  Token,
  TokenOptions,
  TokenRole,
  Transaction,
  TransactionalContext,
  UniqueOptions,
  WaitOptions,
  WatchOptions,
  WorkflowDefaults,
  WorkflowDefinition,
  WorkflowRef,
} from "./src/define/mod.ts";
export {
  ClosedError,
  InvalidInputError,
  InvalidOptionError,
  newId,
  NonRetryableError,
  NotInitializedError,
  task,
} from "./src/define/mod.ts";
export type { Diagnostic, Severity } from "./src/flow/mod.ts";
export { type Duration, DurationError } from "./src/shared/duration.ts";
export { RhythmError } from "./src/shared/error.ts";
export { JsonError, type JsonObject, type JsonValue } from "./src/shared/json.ts";
export type { WorkerEvent, WorkerObserver } from "./src/worker/loop/observer.ts";
