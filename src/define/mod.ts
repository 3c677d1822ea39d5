/**
 * What users declare: tasks, their options and schemas, and the types of executions. Descriptions only, no I/O.
 *
 * @module
 */
export type { SqlRow, SqlTag, TaskContext, TaskLog, TransactionalContext } from "./context.ts";
export type { SqlRunner, Transaction } from "../shared/transaction.ts";
export { type DatabasePlace, placeOf } from "./database_place.ts";
export { type QueueDeclared, setDefaultQueue } from "./default_queue.ts";
export { collectDeclarations } from "./declarations.ts";
export {
  type BatchContext,
  type BatchDefinition,
  type BatchItem,
  type BatchOptions,
  type BatchResults,
  checkResults,
  itemOf,
} from "./batch.ts";
export { ClosedError, InvalidInputError, NonRetryableError, NotInitializedError } from "./errors.ts";
export type {
  Ask,
  AskOptions,
  Execution,
  ExecutionError,
  ExecutionFilter,
  ExecutionPage,
  ExecutionRef,
  ExecutionStatus,
  ExecutionType,
  LogEntry,
  Pause,
  PauseOptions,
  Reason,
  ReasonKind,
  Run,
  SignalUrlOptions,
  WaitOptions,
  WatchOptions,
} from "./execution.ts";
export type { Rate, RateFilter } from "./rate.ts";
export type { Token, TokenOptions, TokenRole } from "./token.ts";
export type { AuditEntry, AuditFilter } from "./audit.ts";
export type { FlowHeat, HeatFilter, HeatLine } from "./heat.ts";
export type { Gate, GateCondition, GateOptions } from "./gate.ts";
export type {
  FailureFilter,
  FailureHook,
  FailureHookFilter,
  FailureHookOptions,
  FailureKind,
  FailureState,
} from "./failure_kind.ts";
export type {
  Operation,
  OperationAct,
  OperationAction,
  OperationFilter,
  OperationPlace,
  OperationRequest,
} from "./operation.ts";
export {
  type ChangeOptions,
  checkChange,
  checkOptions,
  checkRetry,
  checkStartOptions,
  type DebounceOptions,
  engineOptions,
  type IsolateOptions,
  type RetryPolicy,
  type ScheduledOptions,
  type StartOptions,
  type TaskOptions,
  type ThrottleOptions,
  type UniqueOptions,
} from "./options.ts";
export {
  ABORT_SIGNAL,
  ANY_STORED_TEXT,
  ANY_TEXT,
  ANYTHING,
  type ArgumentType,
  ARRAY,
  BOOLEAN,
  callOf,
  checkArgument,
  checkPlain,
  checkShape,
  COUNT,
  describe,
  DURATION,
  DURATION_ABOVE_ZERO,
  EXECUTION,
  EXECUTION_TYPE,
  FINGERPRINT,
  FUNCTION,
  KEY,
  MOMENT,
  NAME,
  NAMES,
  OBJECT,
  type OwnType,
  refuseUnknown,
  type Shape,
  STORED_TEXT,
  TAGS,
  TEXT,
  TRANSACTION,
  VARIABLES,
} from "../shared/arguments.ts";
export { backoffMs, retryPolicyOf } from "./retry.ts";
export {
  describeIssues,
  isSchema,
  type SchemaInput,
  type SchemaIssue,
  type SchemaOutput,
  type SchemaResult,
  type StandardSchema,
} from "./schema.ts";
export {
  LOG_KINDS,
  LOG_LEVELS,
  type LogFields,
  type Logger,
  type LogKind,
  type LogLevel,
  type SpanSpec,
  type Telemetry,
} from "./ports.ts";
export { InvalidOptionError } from "../shared/error.ts";
export { didYouMean, nearest } from "../shared/suggest.ts";
export {
  type AnyTask,
  type ContextFor,
  isTask,
  parseInput,
  type Task,
  task,
  type TaskDefinition,
} from "./task.ts";
export { CELL, idProblem, newId, Uuids } from "./uuid.ts";
export {
  type AnyWorkflow,
  isWorkflow,
  WORKFLOW,
  type WorkflowDefaults,
  type WorkflowDefinition,
  type WorkflowRef,
} from "./workflow_ref.ts";
