import type { ExecutionError, ExecutionType } from "../define/mod.ts";

/** What a worker tells about an execution it has in hand, as it happens. */
export interface WorkerEvent {
  /** What happened: an attempt began; the execution ended or stopped for now; it was handed back. */
  readonly type: "started" | "completed" | "failed" | "suspended" | "cancelled" | "released";
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
  /** JSON text of the result; on `completed`. */
  readonly output?: string;
  /** Why; on `failed`. */
  readonly error?: ExecutionError;
  /** Whether there will be another attempt, as far as the worker can tell; on `failed`. */
  readonly willRetry?: boolean;
  /** What it waits for; on `suspended`. */
  readonly waits?: readonly string[];
}

/** Hears what a worker does. Called synchronously, so it should return at once. */
export type WorkerObserver = (event: WorkerEvent) => void;
