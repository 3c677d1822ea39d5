/**
 * What crosses the border of the flow language: all of it plain JSON.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "../shared/json.ts";
import type { Duration } from "../shared/duration.ts";

export type { JsonObject, JsonValue } from "../shared/json.ts";
export type { Duration } from "../shared/duration.ts";
export type { FlowHost, StepMoment } from "./vm/outside.ts";
export type { FlowLimits } from "./vm/limits.ts";
export type { FunctionCode, Program } from "./compile/program.ts";

/** What a flow is told about its execution. */
export interface FlowContext {
  /** The execution's id. */
  executionId: string;
  /** The flow's name. */
  flow: string;
  /** Which version of the flow it runs on. */
  version: number;
  /** The queue it came from. */
  queue: string;
  /** Which attempt this is. */
  attempt: number;
  /** The execution that started it, if one did. */
  parentId: string | null;
  /** When it was created, ISO 8601. */
  createdAt: string;
  /** What its starter attached. */
  metadata: JsonObject;
}

/** What an execution starts with. */
export interface FlowStart {
  /** What the flow reads as `Inputs`. */
  inputs: JsonValue;
  /** What the flow reads as `Context`. */
  context: FlowContext;
}

/** How a task or child that fails is tried again. */
export interface FlowRetryOptions {
  /** How many attempts there may be. */
  maxAttempts?: number;
  /** How the pause grows from attempt to attempt. */
  backoff?: "exponential" | "linear" | "fixed";
  /** The first pause. */
  initial?: Duration;
  /** The longest pause. */
  max?: Duration;
  /** What each pause is multiplied with. */
  factor?: number;
  /** Which share of a pause is random, from 0 to 1; `true` is 0.5. */
  jitter?: number | boolean;
  /** How often it is repeated after it was lost with its worker. */
  crashes?: number;
}

/** The options of `Task.run` and `Workflow.run`. */
export interface RunOptions {
  /** The queue to wait in. */
  queue?: string;
  /** Higher goes first. */
  priority?: number;
  /** How long to wait before it may run. */
  delay?: Duration;
  /** When it may run, ISO 8601. */
  runAt?: string;
  /** It is cancelled if it has not begun by then. */
  expires?: Duration;
  /** How long it may take. */
  timeout?: Duration;
  /** What happens when it fails; a number is `maxAttempts`. */
  retry?: FlowRetryOptions | number;
  /** The same key of the same task or flow runs once. Later starts get the result of the first. */
  idempotencyKey?: string;
  /** How long the key belongs to that execution. Default: as long as it is kept. */
  idempotencyTtl?: Duration;
  /** One execution at a time with this key. */
  unique?: { key: string; while?: Duration; onConflict?: "existing" | "reject" };
  /** What a queue's limit for each key counts by. */
  concurrencyKey?: string;
  /** What becomes of it when its workflow is cancelled. */
  onParentCancel?: "cancel" | "abandon";
  /** What to attach to it. */
  metadata?: JsonObject;
}

/** What a flow asks of the outside, in program order. */
export type Effect =
  | {
    type: "run_task" | "run_workflow";
    id: string;
    target: string;
    inputs: JsonValue;
    options?: RunOptions;
  }
  | { type: "start_timer"; id: string; at: string }
  | { type: "await_signal"; id: string; name: string; timeoutAt?: string }
  | { type: "send_signal"; executionId: string; name: string; payload: JsonValue }
  | { type: "answer"; wait: string; value?: JsonValue; error?: ErrorJson }
  | { type: "log"; level: string; message: string; at: { line: number; column: number } };

/** Go on when one group is satisfied: `any`: a member settled; `all`: every one settled, or one failed. */
export interface Wait {
  /** How many members it takes. */
  mode: "any" | "all";
  /** The operations that are its members. */
  ids: string[];
}

/** An error as data. */
export interface ErrorJson {
  /** The kind of error: `TypeError`, `TimeoutError`, or what a task named it. */
  type: string;
  /** What happened. */
  message: string;
  /** A stable code, where there is one. */
  code?: string;
  /** What the thrower attached. */
  data?: JsonValue;
  /** The execution that failed. */
  executionId?: string;
  /** The task or flow that failed. */
  target?: string;
  /** Which attempt it was. */
  attempt?: number;
  /** What failed: a task or a workflow. */
  kind?: "task" | "workflow";
  /** Its stack, as it was stored. */
  stack?: string;
}

/** How an uncaught error ends an execution. */
export interface FlowFailure extends ErrorJson {
  /** Where in the flow, counted from 1: where it was thrown, or where the task or child that failed was awaited. */
  at?: { line: number; column: number };
  /** The calls and awaits that led there, and the stack of what caused it, as text. */
  stack: string;
}

/** The end of a durable operation. `ask`: it is a signal that waits for an answer. */
export type Settled =
  | { id: string; status: "completed"; output: JsonValue; ask?: true }
  | { id: string; status: "failed"; error: ErrorJson };

/** A state at rest: plain JSON, to be read by this room only. */
export interface Snapshot {
  /** The format's number. */
  v: number;
  /** The program's hash. */
  p: string;
  /** The heap, the fibres, and what they wait for. */
  [part: string]: JsonValue;
}

/** The state of an execution after a step. */
export interface Step {
  /** How the step ended. */
  status: "suspended" | "completed" | "continued" | "failed" | "cancelled";
  /** When it was taken, ISO 8601: the moment that the host gave, or that of the step before if that was later. */
  moment: string;
  /** Set while suspended. */
  snapshot?: Snapshot;
  /** Set when completed; when continued, the inputs with which it starts over. */
  output?: JsonValue;
  /** Set when failed or cancelled. */
  error?: FlowFailure;
  /** What the flow asked for, in program order. */
  effects: Effect[];
  /** What lets it go on. */
  waits: Wait[];
  /** Set while it waits inside `try … finally`: if it is cancelled, it has something left to do. */
  cleanup?: boolean;
  /** Operations that nothing can observe any more: a signal wait among them must not take a signal. */
  released: string[];
  /** The values that it is found by, as `name=value`, if they have changed: see `index` of the front matter. */
  tags?: string[];
  /** The host asked to pause between two jobs: resume at once, as the same step and with nothing settled. */
  paused?: true;
}

/** More about a step. */
export interface StepOptions {
  /** Other limits than the defaults. */
  limits?: Partial<import("./vm/limits.ts").FlowLimits>;
  /** Cancel the execution for this reason: only its `finally` blocks still run, and may await. */
  cancel?: string;
}

/** One suspended activation, as people see it. */
export interface FibreView {
  /** The function's name. */
  function: string;
  /** The line, from 1. */
  line: number;
  /** The column, from 1. */
  column: number;
  /**
   * What each variable in scope holds. What JSON has no word for is `{ "$": "undefined" }`, `{ "$": "function" }` and the like; so is what was
   * shown before (`{ "$": "the same as order.items" }`), and what there is too much of (`{ "$": "… 900 more" }`).
   */
  variables: Record<string, JsonValue>;
  /** The operations it waits for, and the activations. */
  waitsFor: string[];
}

/** A snapshot, as people see it. */
export interface FlowView {
  /** Every suspended activation, the body of the flow first; the first 200 of many. */
  fibres: FibreView[];
  /** How many there are besides. */
  more?: number;
}
