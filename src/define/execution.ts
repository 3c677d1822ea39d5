import type { Duration } from "../shared/duration.ts";
import type { JsonObject, JsonValue } from "../shared/json.ts";

/** What an execution runs: a task handler, or a workflow. */
export type ExecutionType = "task" | "workflow";

/**
 * The status of an execution. `completed`, `failed` and `cancelled` are final. `frozen`: a copy from another installation, which
 * nothing runs.
 */
export type ExecutionStatus =
  | "pending"
  | "running"
  | "suspended"
  | "completed"
  | "failed"
  | "cancelled"
  | "frozen";

/** Why an execution failed, as it is stored. */
export interface ExecutionError {
  /** The error's class: `TypeError`, `TimeoutError`, `PaymentDeclined`. */
  type: string;
  /** The sentence for people. */
  message: string;
  /** The code for programs. */
  code?: string;
  /** What the thrower attached. */
  data?: JsonValue;
  /** In a flow: where it was thrown, or where the task or child that failed was awaited. */
  at?: { line: number; column: number };
  /** The stack, as JavaScript writes it: calls and awaits, and below them that of what caused it. */
  stack?: string;
  /** The task or child that failed, where that made this one fail. */
  executionId?: string;
  /** The name of that task or child. */
  target?: string;
}

/** One execution, as it was when it was read. */
export interface Execution {
  /** Its UUIDv7. */
  id: string;
  /** A task or a workflow. */
  type: ExecutionType;
  /** The task's or flow's name. */
  target: string;
  /** Its state. */
  status: ExecutionStatus;
  /** The queue it waits in. */
  queue: string;
  /** Higher goes first. */
  priority: number;
  /** What it was started with. */
  inputs: JsonValue;
  /** The result, once completed. */
  output: JsonValue;
  /** The error, once failed, or of the attempt before this one. `retry()` clears it. */
  error: ExecutionError | null;
  /** Why it was cancelled, or is being cancelled. */
  cancelReason: string | null;
  /** Which attempt this is or was, from 1; 0 before the first. */
  attempt: number;
  /** How many attempts may throw: the last of them ends it. */
  maxAttempts: number;
  /** How many attempts threw, while it is not over. */
  failures: number;
  /** How many attempts were lost with their worker, while it is not over; of a workflow, since its last step. */
  crashes: number;
  /** How often it is repeated after an attempt was lost with its worker. */
  maxCrashes: number;
  /** What its starter attached. */
  metadata: JsonObject;
  /** The last value its handler reported with `ctx.progress()`. */
  progress: JsonValue;
  /** What its handler stored last with `ctx.checkpoint()`, for the next attempt. */
  checkpoint: JsonValue;
  /** Why it is not running although it could: no worker has its handler or program. */
  note: string | null;
  /** The execution that started it, if one did. */
  parentId: string | null;
  /** When it was created. */
  createdAt: Date;
  /** When it may run; later than `createdAt` if it was delayed. */
  runAt: Date | null;
  /** It is cancelled if it has not begun by then. */
  expiresAt: Date | null;
  /** When it was last claimed: the attempt began, or the workflow went on. */
  startedAt: Date | null;
  /** When it ended. */
  completedAt: Date | null;
  /** Of a frozen copy: its status where it was exported. */
  frozenStatus: Exclude<ExecutionStatus, "frozen"> | null;
  /** The gate at which it stands. */
  gate: number | null;
  /** Since when it is paused. */
  pausedAt: Date | null;
  /** Who paused it. */
  pausedBy: string | null;
  /** Why it was paused, if that was said. */
  pauseReason: string | null;
}

/** What keeps an execution from continuing, or how it ended. */
export type ReasonKind =
  | "completed"
  | "failed"
  | "cancelled"
  | "frozen"
  | "running"
  | "worker_silent"
  | "stopping"
  | "cleans_up"
  | "delayed"
  | "retry_delayed"
  | "paused"
  | "gate"
  | "target_paused"
  | "not_adopted"
  | "everything_paused"
  | "queue_paused"
  | "key_paused"
  | "no_worker"
  | "no_handler"
  | "queue_full"
  | "queue_rate"
  | "key_full"
  | "key_rate"
  | "ready"
  | "note"
  | "task"
  | "workflow"
  | "timer"
  | "signal"
  | "key_owner";

/** Why an execution does not continue, or how it ended. Which members there are depends on `reason`. */
export interface Reason {
  /** What kind of reason it is. */
  reason: ReasonKind;
  /** The reason as a sentence. */
  sentence: string;
  /** When it ended. */
  at?: Date;
  /** Since when this is so. */
  since?: Date;
  /** Until when this is so, at the latest. */
  until?: Date;
  /** When it is expected to continue, where that can be computed. */
  expectedAt?: Date;
  /** What it waits for: an execution, a timer, a wait for a signal. */
  id?: string;
  /** The name of that: a task, a flow or a signal. Of who runs it: the worker's name. */
  name?: string;
  /** The status of the execution that it waits for. */
  status?: ExecutionStatus;
  /** The line of the flow that waits. */
  line?: number;
  /** The step that waits, in a workflow in TypeScript. */
  step?: string;
  /** The queue. */
  queue?: string;
  /** The concurrency key. */
  key?: string;
  /** The task that no worker has; the task or flow that is paused. */
  target?: string;
  /** The number of the gate at which it stands. */
  gate?: number;
  /** How many may run at once, or may begin in `perMs`. */
  limit?: number;
  /** The time of a rate. */
  perMs?: number;
  /** How many run. */
  running?: number;
  /** Executions that have the slots: the first ten. */
  holders?: string[];
  /** How many executions are before it in its queue; 1000 or more are not counted exactly. */
  ahead?: number;
  /** The worker that runs it. */
  worker?: string;
  /** The last heartbeat of that worker. */
  beatAt?: Date;
  /** The attempt that runs, or failed. */
  attempt?: number;
  /** The error of the attempt that failed. */
  error?: ExecutionError;
  /** Why it was cancelled or paused. */
  why?: string;
  /** Who paused it. */
  by?: string;
  /** Why the execution that it waits for does not continue. */
  because?: Reason[];
}

/** Why and by whom something is paused. */
export interface PauseOptions {
  /** Why. */
  reason?: string;
  /** Who pauses it. Default: the role of the connection. */
  by?: string;
}

/** Something that is paused, except executions. */
export interface Pause {
  /** What it is. */
  kind: "everything" | "task" | "workflow" | "queue" | "key";
  /** The task, flow or queue; nothing: everything. */
  name: string | null;
  /** The concurrency key. */
  key: string | null;
  /** Since when. */
  pausedAt: Date;
  /** Who paused it. */
  pausedBy: string | null;
  /** Why, if that was said. */
  reason: string | null;
}

/** An execution, or its id. */
export type ExecutionRef = string | { readonly id: string };

/** An execution that was started: its id, and what one does with it. */
export interface Run<Output = JsonValue> {
  /** The execution's id. */
  readonly id: string;
  /** False: it was there before, and has the `idempotencyKey` or the key of `unique` of this start. */
  readonly created: boolean;
  /**
   * Waits for the end and gives the output.
   *
   * @param options how long to wait (for ever if not given), and a signal that ends the waiting
   * @throws {ExecutionFailedError} it failed
   * @throws {ExecutionCancelledError} it was cancelled
   * @throws {WaitTimeoutError} the time has passed; the execution continues
   */
  result(options?: WaitOptions): Promise<Output>;
  /** Reads the execution as it is now. */
  get(): Promise<Execution>;
  /**
   * The execution each time that it has changed: its status, attempt, progress or note. First as it is now, last in
   * its final state. Progress and the end are told by the database at once; the rest is found by looking now and then.
   *
   * @param options how often to look, for how long to watch, and what ends it early
   * @throws {WaitTimeoutError} the time has passed; the execution continues
   *
   * @example A progress bar
   * ```ts
   * import type { Run } from "@rhythm/core";
   *
   * async function show(run: Run): Promise<void> {
   *   for await (const { status, progress } of run.watch()) console.log(status, progress);
   * }
   * ```
   */
  watch(options?: WatchOptions): AsyncIterable<Execution>;
  /** Asks for its end, and that of its children; false if it was over already. */
  cancel(reason?: string): Promise<boolean>;
  /** Sends it a signal. */
  signal(name: string, payload?: unknown): Promise<void>;
  /**
   * Sends it a signal and waits for the answer. In the workflow, `Signal.next(name)` or `ctx.nextSignal(name)` gives a call
   * with `payload`, `reply(value)` and `reject(error)`.
   *
   * @param name the signal
   * @param payload what is asked
   * @param options a key under which the same question has the same answer, and how long to wait
   * @throws {AskRejectedError} the workflow rejected it
   * @throws {AskUnansweredError} the workflow has ended without an answer
   * @throws {AskTimeoutError} the time has passed; the question stays
   *
   * @example A price
   * ```ts
   * import type { Run } from "@rhythm/core";
   *
   * async function priceOf(order: Run): Promise<number> {
   *   return await order.ask<number>("quote", { item: "desk" }, { timeout: "30s", idempotencyKey: "quote-1042" });
   * }
   * ```
   */
  ask<Answer = JsonValue>(name: string, payload?: unknown, options?: AskOptions): Promise<Answer>;
  /** The id, so that a run can stand wherever an id is printed. */
  toString(): string;
}

/** How a workflow is asked. */
export interface AskOptions extends WaitOptions {
  /** Asking again under the same key is the same question, with the same answer, also after a crash and after the end of the workflow. */
  idempotencyKey?: string;
}

/** How an address that sends a signal is made. */
export interface SignalUrlOptions {
  /** Where the HTTP interface of Rhythm is reached: `https://rhythm.example.com`, with the path below which it is, if there is one. */
  at: string;
  /** For how long it can be used, at most 366 days. Default: `7d`. */
  expires?: Duration;
  /** How often it can be used; null: as often as one likes. Default: once. */
  uses?: number | null;
  /** The JSON Schema that the payload must match, from which the page makes its fields. At most 2,000 bytes. Default: no payload is asked for. */
  form?: object;
}

/** A question to a workflow: a signal that it answers. */
export interface Ask {
  /** Its number, as text. */
  readonly id: string;
  /** The workflow. */
  readonly executionId: string;
  /** Its flow. */
  readonly target: string;
  /** The name of the signal. */
  readonly name: string;
  /** What was asked. */
  readonly payload: JsonValue;
  /** The key under which it is asked once. */
  readonly idempotencyKey: string | null;
  /** `unanswered`: the workflow has ended without an answer. `retry` may open it again. */
  readonly status: "open" | "answered" | "rejected" | "unanswered";
  /** Whether the workflow has taken it. */
  readonly taken: boolean;
  /** The answer. */
  readonly answer: JsonValue;
  /** Why there is none. */
  readonly error: { type: string; message: string; code?: string; data?: JsonValue } | null;
  /** When it was asked. */
  readonly askedAt: Date;
  /** When it was answered or rejected. */
  readonly answeredAt: Date | null;
}

/** How long to wait, and what ends the waiting early. */
export interface WaitOptions {
  /** Seconds, or a duration such as `"1m"`. Without it: until the end. */
  timeout?: Duration;
  /** Stops waiting; the execution continues. */
  signal?: AbortSignal;
}

/** How to watch an execution. */
export interface WatchOptions extends WaitOptions {
  /** How often to look for what the database does not tell, at the latest. Default: every second. */
  every?: Duration;
}

/** Which executions to list. Conditions are combined with "and". */
export interface ExecutionFilter {
  /** Tasks, or workflows. */
  type?: ExecutionType;
  /** The task's or flow's name. */
  target?: string;
  /** Workflows of this version of their flow. */
  version?: number;
  /** Workflows that stand in this line of their flow, or failed there. */
  line?: number;
  /** One status, or several. */
  status?: ExecutionStatus | readonly ExecutionStatus[];
  /** The queue. */
  queue?: string;
  /** Children of this execution. */
  parent?: ExecutionRef;
  /** Workflows that have these variables now, or had them last: those that `index` of the flow's front matter names, or `ctx.tag()` set. */
  variables?: Record<string, string | number | boolean>;
  /** Failures of one kind: see `FailureKind`. */
  fingerprint?: string;
  /** Metadata that contains this. */
  metadata?: Record<string, unknown>;
  /** Created at this moment or later. */
  createdAfter?: Date | string;
  /** Created before this moment. */
  createdBefore?: Date | string;
  /** How many at most. Default: 100. */
  limit?: number;
  /** Where the page before this one ended: its `cursor`. */
  cursor?: string;
}

/** One page of executions, newest first. */
export interface ExecutionPage {
  /** The executions. */
  readonly executions: readonly Execution[];
  /** Where the next page begins; nothing: this was the last one. */
  readonly cursor: string | null;
}

/** A durable log line. */
export interface LogEntry {
  /** Its place in the log; later lines have greater ones. */
  readonly id: string;
  /** The execution that wrote it. */
  readonly executionId: string;
  /** When. */
  readonly at: Date;
  /** How severe. */
  readonly level: string;
  /** What happened. */
  readonly message: string;
  /** What goes with it. */
  readonly data: JsonValue;
}
