/**
 * What crosses the border of the flow language: all of it plain JSON.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "../shared/json.ts";
import type { Duration } from "../shared/duration.ts";

export type { FlowHost } from "./vm/machine.ts";
export type { FlowLimits } from "./vm/limits.ts";
export type { FunctionCode, Program } from "./compile/program.ts";

/** What a flow is told about its execution. */
export interface FlowContext {
  executionId: string;
  flow: string;
  version: number;
  queue: string;
  attempt: number;
  parentId: string | null;
  createdAt: string;
  metadata: JsonObject;
}

/** What an execution starts with. */
export interface FlowStart {
  inputs: JsonValue;
  context: FlowContext;
}

/** How a task or child that fails is tried again. */
export interface FlowRetryOptions {
  maxAttempts?: number;
  backoff?: "exponential" | "linear" | "fixed";
  initial?: Duration;
  max?: Duration;
  factor?: number;
  jitter?: number;
}

/** The options of `Task.run` and `Workflow.run`. */
export interface RunOptions {
  queue?: string;
  priority?: number;
  delay?: Duration;
  runAt?: string;
  timeout?: Duration;
  retry?: FlowRetryOptions;
  idempotencyKey?: string;
  concurrencyKey?: string;
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
  | { type: "log"; level: string; message: string; at: { line: number; column: number } };

/** Go on when one group is satisfied: `any`: a member settled; `all`: every one settled, or one failed. */
export interface Wait {
  mode: "any" | "all";
  ids: string[];
}

/** An error as data. */
export interface ErrorJson {
  type: string;
  message: string;
  code?: string;
  data?: JsonValue;
  /** The execution that failed, its task or flow, and which attempt it was. */
  executionId?: string;
  target?: string;
  attempt?: number;
}

/** How an uncaught error ends an execution. */
export interface FlowFailure extends ErrorJson {
  at: { line: number; column: number };
  stack: string[];
}

/** The end of a durable operation. */
export type Settled =
  | { id: string; status: "completed"; output: JsonValue }
  | { id: string; status: "failed"; error: ErrorJson };

/** A state at rest: plain JSON, to be read by this room only. */
export interface Snapshot {
  /** The format's number. */
  v: number;
  /** The program's hash. */
  p: string;
  [part: string]: JsonValue;
}

/** Where an execution stands after a step. */
export interface Step {
  status: "suspended" | "completed" | "failed" | "cancelled";
  /** Set while suspended. */
  snapshot?: Snapshot;
  /** Set when completed. */
  output?: JsonValue;
  /** Set when failed or cancelled. */
  error?: FlowFailure;
  effects: Effect[];
  waits: Wait[];
  /** Operations that nothing can observe any more: a signal wait among them must not take a signal. */
  released: string[];
  /** The host asked to pause between two jobs: resume at once, with nothing settled. */
  paused?: true;
}

/** More about a step. */
export interface StepOptions {
  limits?: Partial<import("./vm/limits.ts").FlowLimits>;
  /** Cancel the execution for this reason: only its `finally` blocks still run, and may await. */
  cancel?: string;
}

/** One suspended activation, as people see it. */
export interface FibreView {
  function: string;
  line: number;
  column: number;
  variables: Record<string, JsonValue>;
  /** The operations it waits for, and the activations. */
  waitsFor: string[];
}

/** A snapshot, as people see it. */
export interface FlowView {
  fibres: FibreView[];
}
