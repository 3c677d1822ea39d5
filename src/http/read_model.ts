import type {
  Ask,
  AuditEntry,
  AuditFilter,
  ChangeOptions,
  Execution,
  ExecutionFilter,
  ExecutionPage,
  FailureFilter,
  FailureHook,
  FailureHookOptions,
  FailureKind,
  FailureState,
  FlowHeat,
  Gate,
  GateOptions,
  HeatFilter,
  LogEntry,
  Operation,
  OperationAct,
  OperationPlace,
  OperationRequest,
  Pause,
  PauseOptions,
  Rate,
  RateFilter,
  Reason,
  ScheduledOptions,
  StartOptions,
  Token,
  TokenOptions,
  WaitOptions,
} from "../define/mod.ts";
import type { KeyLimits, QueueLimits } from "../client/queues.ts";
import type { ChangePlan, Fork, ForkChanges, StateChanges, StepChanges } from "../client/changes.ts";
import type { HistoryStep, PastState, RunsPart, StateChange } from "../client/history.ts";
import type { QueryRows } from "../db/calls/console.ts";
import type { FlowInfo } from "../db/calls/flows.ts";
import type { GroupBy, Pulse, RowPage } from "../db/calls/pages.ts";
import type { QueueInfo } from "../db/calls/queues.ts";
import type { ScheduleInfo } from "../db/calls/schedules.ts";
import type { Violation, WorkerInfo } from "../db/calls/state.ts";
import type { JsonValue } from "../shared/json.ts";

/** What HTTP reads. The application gives it; nothing here knows a database. */
export interface ReadModel {
  /** One execution. */
  execution(id: string): Promise<Execution | null>;
  /** A page of executions, newest first. */
  executions(filter: ExecutionFilter): Promise<ExecutionPage>;
  /** An execution with all its descendants, oldest first. */
  tree(id: string): Promise<readonly Execution[]>;
  /** Log lines of an execution after one, oldest first. */
  logs(id: string, after: string | undefined): Promise<readonly LogEntry[]>;
  /** Why an execution does not continue, or how it ended. */
  explain(id: string): Promise<readonly Reason[]>;
  /** The state of a workflow: fibres, source positions, variables, waits. */
  position(id: string): Promise<JsonValue>;
  /** The steps of a workflow after one. */
  history(id: string, page: { after: number; limit: number }): Promise<readonly HistoryStep[]>;
  /** A workflow as it was after a step, or at a time. */
  at(id: string, when: number | Date): Promise<PastState>;
  /** What changed between two steps of a workflow. */
  diff(id: string, from: number, to: number): Promise<readonly StateChange[]>;
  /** The first step in which two workflows part; null: they do the same. */
  diffRuns(one: string, other: string): Promise<RunsPart | null>;
  /** An execution with its whole history, as the text of a file. */
  export(id: string): Promise<string>;
  /** What is paused, except executions. */
  pauses(): Promise<readonly Pause[]>;
  /** The last operations. */
  operations(): Promise<readonly Operation[]>;
  /** One operation. */
  operation(id: string): Promise<Operation>;
  /** What an operation did to each execution. */
  acts(id: string, page: { after?: string; limit?: number }): Promise<readonly OperationAct[]>;
  /** Where the workflows of an operation stood and where they go on. */
  places(id: string): Promise<readonly OperationPlace[]>;
  /** What workers ended in each minute or hour. */
  rates(filter: RateFilter): Promise<readonly Rate[]>;
  /** Kinds of failures, those that came last first. */
  failures(filter: FailureFilter): Promise<readonly FailureKind[]>;
  /** One kind of failures. */
  failure(fingerprint: string): Promise<FailureKind | null>;
  /** What is started when executions fail. */
  failureHooks(): Promise<readonly FailureHook[]>;
  /** All gates. */
  gates(): Promise<readonly Gate[]>;
  /** What people did, the latest first. */
  audit(filter: AuditFilter): Promise<readonly AuditEntry[]>;
  /** All tokens. */
  tokens(): Promise<readonly Token[]>;
  /** All queues. */
  queues(): Promise<readonly QueueInfo[]>;
  /** All workers. */
  workers(): Promise<readonly WorkerInfo[]>;
  /** All schedules. */
  schedules(): Promise<readonly ScheduleInfo[]>;
  /** The current version of each flow. */
  flows(): Promise<readonly FlowInfo[]>;
  /** A version of a flow with what happened at its lines. */
  heat(name: string, filter: HeatFilter): Promise<FlowHeat>;
  /** The engine's own account of damage; empty when all is well. */
  violations(): Promise<readonly Violation[]>;
}

/** What the pages of the dashboard read, beside the API. */
export interface PageReads {
  /** How busy everything is, in one statement. */
  pulse(): Promise<Pulse>;
  /** The state of everything, and what ended in the last hour, day or 90 days. */
  overview(span: "hour" | "day" | "quarter"): Promise<unknown>;
  /** A page of executions as a list shows them: without payloads, with what each waits for. */
  rows(filter: ExecutionFilter): Promise<RowPage>;
  /** The newest executions that fit, in groups. */
  groups(by: GroupBy, filter: ExecutionFilter): Promise<unknown>;
  /** What changes when an execution does, in one statement; `after`: the last step that was read. */
  stamp(id: string, after: number): Promise<unknown>;
  /** Everything about an execution. */
  one(id: string): Promise<{ readonly steps: readonly HistoryStep[]; readonly [name: string]: unknown }>;
  /** Kinds of failures. */
  failures(filter: FailureFilter): Promise<unknown>;
  /** The last operations. */
  operations(): Promise<unknown>;
  /** One operation, with what it refused. */
  operation(id: string): Promise<unknown>;
  /** What people did. */
  audit(filter: AuditFilter): Promise<unknown>;
  /** All tokens. */
  tokens(): Promise<unknown>;
  /** The views that the SQL console can read, and whether it can be used. */
  console(): Promise<unknown>;
  /** All queues, with their pace and pauses. */
  queues(): Promise<unknown>;
  /** One queue, with its keys. */
  queue(name: string): Promise<unknown>;
  /** All workers. */
  workers(): Promise<unknown>;
  /** All schedules. */
  schedules(): Promise<unknown>;
  /** One schedule, with its next and last times. */
  schedule(name: string): Promise<unknown>;
  /** The next times of a cron expression. */
  upcoming(cron: string, timezone: string): Promise<unknown>;
  /** All flows, with how many workflows wait on each version. */
  flows(): Promise<unknown>;
  /** What changes when a flow does, in one statement. */
  flowStamp(name: string): Promise<unknown>;
  /** One flow, with all its versions, and what happened at the lines of one of them. */
  flow(name: string, filter: { version?: number; hours: number }): Promise<unknown>;
  /** A version of a flow as a picture. */
  graph(name: string, version: number | undefined): Promise<unknown>;
  /** What `rhythm doctor` finds; `check()`, which reads everything, only if it is asked for. */
  doctor(how: "quick" | "whole"): Promise<unknown>;
  /** Where two workflows part. */
  compare(ids: readonly [string, string]): Promise<unknown>;
  /** Who waits for which signal, and which signals nobody has taken. */
  signals(): Promise<unknown>;
}

/** What a query of the SQL console gave. */
export interface QueryAnswer extends QueryRows {
  /** How long it took. */
  readonly ms: number;
}

/** What a caller can pause. */
export type PauseKind = "execution" | "task" | "flow" | "queue" | "everything";

/** What a workflow is asked over HTTP. */
export interface Question {
  /** The name of the signal. */
  readonly name: string;
  /** What is asked. */
  readonly payload: unknown;
  /** The key under which it is asked once. */
  readonly idempotencyKey?: string | undefined;
  /** How many seconds to wait. */
  readonly timeout: number;
  /** Ends when the client goes away. */
  readonly signal: AbortSignal;
}

/** What HTTP does on behalf of a caller. */
export interface Commands {
  /** Starts a workflow or queues a task; gives the id. */
  start(
    type: "task" | "workflow",
    target: string,
    inputs: unknown,
    options: StartOptions,
  ): Promise<{ id: string; created: boolean }>;
  /** Asks a workflow, and waits for the answer; what is still open after the time is given as it is. */
  ask(id: string, question: Question): Promise<Ask>;
  /** Reads a question; null: there is none. */
  getAsk(id: string): Promise<Ask | null>;
  /** Answers a question in place of its workflow, or rejects it; false if it was answered already. */
  answerAsk(id: string, said: { answer?: unknown; error?: string }): Promise<boolean>;
  /** Sends a signal. */
  signal(id: string, name: string, payload: unknown): Promise<void>;
  /** Cancels; false if it was over. */
  cancel(id: string, reason: string | undefined): Promise<boolean>;
  /** Gives an execution that has not begun another queue, priority or time. */
  change(id: string, to: ChangeOptions): Promise<void>;
  /** Runs a failed or cancelled execution again. */
  retry(id: string): Promise<void>;
  /** Changes variables of a workflow; gives the number of the change. */
  edit(id: string, changes: StateChanges): Promise<number>;
  /** Puts a workflow back to an earlier step; gives the number of the change. */
  rewind(id: string, changes: StepChanges): Promise<number>;
  /** What an edit would do, or with a step a rewind. */
  plan(id: string, changes: StateChanges & { step?: number }): Promise<ChangePlan>;
  /** Makes a new workflow from a step of another one. */
  fork(id: string, changes: ForkChanges): Promise<Fork>;
  /** Stores an exported execution as a frozen copy; gives its id. */
  import(file: string): Promise<string>;
  /** Deletes executions that have ended, with all that they started; returns their number. */
  delete(id: string): Promise<number>;
  /** Waits for the end. */
  wait(id: string, options: WaitOptions): Promise<Execution>;
  /** Starts an operation on many executions. */
  operate(request: OperationRequest): Promise<Operation>;
  /** Stops or resumes an operation; false if nothing changed. */
  changeOperation(id: string, change: "stop" | "resume"): Promise<boolean>;
  /** Sets the state of a kind of failures; false if it had that state. */
  setFailure(
    fingerprint: string,
    state: FailureState,
    words: { note?: string; by?: string },
  ): Promise<boolean>;
  /** Creates or replaces a hook. */
  setFailureHook(name: string, hook: FailureHookOptions): Promise<void>;
  /** Removes a hook; false if there was none. */
  removeFailureHook(name: string): Promise<boolean>;
  /** Sets a gate in a flow; gives its number. */
  setGate(flow: string, options: GateOptions): Promise<number>;
  /** Removes a gate; false if there was none. */
  removeGate(gate: number): Promise<boolean>;
  /** Runs a query of the SQL console. */
  query(query: string): Promise<QueryAnswer>;
  /** Makes a token; gives it. */
  createToken(name: string, options: TokenOptions): Promise<string>;
  /** Revokes a token; false if there was none. */
  revokeToken(name: string): Promise<boolean>;
  /** Pauses something; false if it was paused already, or an execution has ended. */
  pause(kind: PauseKind, name: string, options: PauseOptions): Promise<boolean>;
  /** Ends a pause; false if there was none. */
  resume(kind: PauseKind, name: string): Promise<boolean>;
  /** Sets the limits of a queue; a limit that is not given is taken away. */
  configureQueue(name: string, limits: QueueLimits): Promise<void>;
  /** Sets the limits of one concurrency key; what is not given is as for all keys. */
  configureKey(queue: string, key: string, limits: KeyLimits): Promise<void>;
  /** Pauses a concurrency key; false if it was paused already. */
  pauseKey(queue: string, key: string, options: PauseOptions): Promise<boolean>;
  /** Ends the pause of a concurrency key; false if there was none. */
  resumeKey(queue: string, key: string): Promise<boolean>;
  /** A worker takes nothing new; false if it was draining already. */
  drainWorker(id: string, options: { reason?: string }): Promise<boolean>;
  /** A worker takes what comes again; false if it was not draining. */
  resumeWorker(id: string): Promise<boolean>;
  /** Makes a version of a flow the one that new executions start on. */
  setFlowVersion(name: string, version: number): Promise<void>;
  /** Registers a flow; gives its version. */
  registerFlow(name: string, source: string): Promise<{ readonly name: string; readonly version: number }>;
  /** Creates or replaces a schedule. */
  schedule(name: string, definition: ScheduleDefinition): Promise<void>;
  /** Removes, pauses, resumes or fires a schedule. */
  changeSchedule(name: string, change: "remove" | "pause" | "resume" | "trigger"): Promise<void>;
  /** Starts what a schedule would have started in a time past; gives the ids. */
  backfillSchedule(name: string, span: { from: string; to: string }): Promise<readonly string[]>;
}

/** What a schedule says. */
export interface ScheduleDefinition {
  /** When: five or six fields, or `@daily` and its kind. */
  readonly cron: string;
  /** What runs: the name of a flow or task. */
  readonly target: string;
  /** Which of the two it is. Default: workflow. */
  readonly type?: "task" | "workflow";
  /** What it is started with. */
  readonly inputs?: unknown;
  /** The time zone of `cron`. Default: UTC. */
  readonly timezone?: string;
  /** What happens when the run before is not over. */
  readonly overlap?: "skip" | "queue" | "allow" | "cancel";
  /** What happens with runs that were missed. */
  readonly catchUp?: "none" | "one" | "all";
  /** How far a run may be moved at random, in seconds or as a duration. */
  readonly jitter?: number | string;
  /** How each execution runs. */
  readonly options?: ScheduledOptions;
}
