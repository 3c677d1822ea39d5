import type { ExecutionError, ExecutionType, LogFields, SpanSpec } from "../../define/mod.ts";
import type { Claimed } from "../engine/engine.ts";

/** What a worker tells about an execution it has in flight, as it happens. */
export interface WorkerEvent {
  /** What happened: an attempt began; the execution ended, stopped for now, or starts over; it was handed back. */
  readonly type: "started" | "completed" | "failed" | "suspended" | "continued" | "cancelled" | "released";
  /** The execution. */
  readonly id: string;
  /** A task or a workflow. */
  readonly kind: ExecutionType;
  /** The task's or flow's name. */
  readonly target: string;
  /** Which attempt it is. */
  readonly attempt: number;
  /** What it got; on `started`. */
  readonly inputs?: unknown;
  /** JSON text of the result, on `completed`; of the new inputs, on `continued`. */
  readonly output?: string;
  /** Why; on `failed`. */
  readonly error?: ExecutionError;
  /** Whether there will be another attempt, as far as the worker can tell; on `failed`. */
  readonly willRetry?: boolean;
  /** Why, where it is known; on `cancelled`. */
  readonly reason?: string | undefined;
  /** What it waits for; on `suspended`. */
  readonly waits?: readonly string[];
}

/** Hears what a worker does. Called synchronously, so it should return at once. */
export type WorkerObserver = (event: WorkerEvent) => void;

/** What every event says of its execution. */
export function factsOf(claimed: Claimed): Pick<WorkerEvent, "id" | "kind" | "target" | "attempt"> {
  return { id: claimed.id, kind: claimed.kind, target: claimed.target, attempt: claimed.attempt };
}

/** What every log line says of its execution. */
export function lineFactsOf(
  { kind, target, id, attempt, queue, traceparent }: Pick<
    Claimed,
    "kind" | "target" | "id" | "attempt" | "queue" | "traceparent"
  >,
): LogFields {
  const trace = traceparent === null ? {} : { trace: traceparent.split("-")[1] ?? traceparent };
  return { [kind]: target, execution: id, attempt, queue, ...trace };
}

/** Whether attempts are left if this one throws. If an operator has changed that meanwhile, only the database knows. */
export function mayThrowAgain({ failures, maxAttempts }: Claimed): boolean {
  return failures + 1 < maxAttempts;
}

/** The span of one attempt at a task, or of one step of a workflow. */
export function spanOf(claimed: Claimed): SpanSpec {
  return {
    name: `${claimed.kind} ${claimed.target}`,
    kind: "consumer",
    traceparent: claimed.traceparent,
    attributes: {
      "rhythm.execution": claimed.id,
      "rhythm.target": claimed.target,
      "rhythm.queue": claimed.queue,
      "rhythm.attempt": claimed.attempt,
    },
  };
}

/** A stored error in the form that a span can record. */
export function thrownOf(error: { readonly type: string; readonly message: string }): Error {
  return Object.assign(new Error(error.message), { name: error.type });
}
