import type { ExecutionRef } from "./execution.ts";

/** Where executions of a flow stop, and which. */
export interface GateOptions {
  /** They do not go on from this line, once what they wait for there has ended. */
  line?: number;
  /** What they start of this task does not begin. */
  before?: string;
  /** Which executions of the flow. Default: all. */
  when?: GateCondition;
  /** The version of the flow to which the line belongs. Default: the current one. */
  version?: number;
  /** Why. */
  note?: string;
  /** Who sets it. Default: the role of the connection. */
  by?: string;
}

/** Which executions of a flow stop at a gate. Conditions are combined with "and". */
export interface GateCondition {
  /** Those that have these variables: those that `index` of the flow's front matter names. */
  variables?: Record<string, string | number | boolean>;
  /** Those whose metadata contains this. */
  metadata?: Record<string, unknown>;
  /** Those of this queue. */
  queue?: string;
  /** Children of this execution. */
  parent?: ExecutionRef;
}

/** A gate. */
export interface Gate {
  /** Its number. */
  readonly id: number;
  /** The flow whose executions stop there. */
  readonly flow: string;
  /** The version to which the line belongs; nothing: it stands before a task. */
  readonly version: number | null;
  /** The line from which they do not go on. */
  readonly line: number | null;
  /** The text of that line. */
  readonly sourceLine: string | null;
  /** The task that does not begin. */
  readonly before: string | null;
  /** Which executions. */
  readonly when: GateCondition;
  /** When it was set. */
  readonly setAt: Date;
  /** Who set it. */
  readonly setBy: string;
  /** Why, if that was said. */
  readonly note: string | null;
  /** How many executions stand there. */
  readonly executions: number;
}
