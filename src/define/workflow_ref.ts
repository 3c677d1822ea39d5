import { NAME, type OwnType } from "../shared/arguments.ts";
import { fits, wantedBy } from "../shared/options.ts";
import type { Duration } from "../shared/duration.ts";
import type { RetryPolicy } from "./options.ts";

/** A workflow in TypeScript, as far as starting it goes: what `workflow()` of `@rhythm/core/steps` makes. */
export interface WorkflowRef<Input = unknown, Output = unknown> {
  /** The name it is started under. */
  readonly name: string;
  /** The types of both sides; nothing of it is there at run time. */
  readonly "~types"?: { readonly input: Input; readonly output: Output } | undefined;
}

/** What a worker and an application need to know of a workflow in TypeScript. */
export interface WorkflowDefaults {
  /** The queue its executions wait in when their starter names none. Default: `default`. */
  queue?: string;
  /** Higher goes first. Default: 0. */
  priority?: number;
  /** How long it may take in all, waiting included. */
  timeout?: Duration;
  /** When and how often it goes on from its last stored step after an attempt failed; a number is `maxAttempts`. Default: not after one that threw. */
  retry?: RetryPolicy | number;
}

/** A workflow in TypeScript as an application takes it in. */
export interface AnyWorkflow extends WorkflowRef {
  /** What was declared. */
  readonly definition: WorkflowDefinition;
}

/** What was declared of a workflow in TypeScript. */
export interface WorkflowDefinition {
  /** The name it is started under. */
  readonly name: string;
  /** Defaults of its executions. */
  readonly options: WorkflowDefaults;
  /** The code, its input unchecked; `context` is a `WorkflowContext`. */
  readonly code: (context: never, input: never) => unknown;
}

/** A workflow that was made by `workflow()`, something with its name, or the name. */
export const WORKFLOW: OwnType = {
  kind: "own",
  wanted: `a workflow made by workflow(), or ${wantedBy(NAME)}`,
  // Every function has a name, but it is not meant as the name of a workflow.
  fits: (value) =>
    isWorkflow(value) ||
    fits(NAME, typeof value === "object" && value !== null && "name" in value ? value.name : value),
};

/** Whether a value was made by `workflow()`. */
export function isWorkflow(value: unknown): value is AnyWorkflow {
  if (typeof value !== "function" || !("definition" in value) || "queue" in value) return false;
  const { definition } = value;
  return typeof definition === "object" && definition !== null && "code" in definition;
}
