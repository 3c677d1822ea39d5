import type { ExecutionError } from "../define/mod.ts";
import type { Clock } from "../runtime/clock.ts";
import type { JsonValue } from "../shared/json.ts";
import type { StepNews, StepStore } from "./store.ts";

/** How far a run of a workflow's code came. */
export type RunEnd =
  | { readonly status: "completed"; readonly output: string }
  | { readonly status: "continued"; readonly inputs: string }
  | {
    readonly status: "failed";
    readonly error: ExecutionError;
    readonly thrown: unknown;
    readonly retryable: boolean;
  }
  | { readonly status: "suspended"; readonly waits: readonly string[]; readonly released: readonly string[] }
  | { readonly status: "stopped"; readonly reason: StopReason; readonly message: string };

/** Why a run is ended from outside. */
export type StopReason = "cancelled" | "timeout" | "lost" | "shutdown";

/** What a run belongs to, and what it needs. */
export interface RunParts {
  /** The execution. */
  readonly id: string;
  /** The workflow's name. */
  readonly workflow: string;
  /** Time and chance. */
  readonly clock: Clock;
  /** Where steps are kept. */
  readonly store: StepStore;
  /** Makes ids, each greater than the one before. */
  readonly newId: () => string;
  /** Told what a person should know: the code has changed, something was awaited that is no step. */
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
  /** Sleeps and pauses up to this long are spent in this process; longer ones suspend the workflow. */
  readonly holdMs: number;
  /** What a `TransientStepError` does in a step without a policy: it is thrown on, or tried again after a pause. */
  readonly transient: "throw" | "retry";
  /** The trace its children belong to, where the store does not know it. */
  readonly traceparent?: string | null | undefined;
}

/** Something that settles what the workflow waited for: a timer that fired, a signal, a child that ended. */
export interface SettledWait {
  /** What was waited for. */
  readonly id: string;
  /** What came of it. */
  readonly status: "completed" | "failed";
  /** The signal's payload, the child's output. */
  readonly output?: JsonValue;
  /** The signal waits for an answer. */
  readonly ask?: boolean;
  /** Why it failed. */
  readonly error?: ExecutionError;
}

/** What the code begins to wait for. */
export type WaitStart = Pick<StepNews, "kind" | "delay_ms" | "until" | "signal" | "child">;
