import { durationMs } from "../../shared/duration.ts";
import { toJson } from "../../shared/json.ts";
import { parseInput, type TaskDefinition } from "../../define/mod.ts";
import { type Failure, failureOf } from "../../define/failure.ts";
import type { CancelTimer, Clock } from "../../runtime/clock.ts";
import { IsolatedError, runIsolated } from "./isolate/run.ts";
import type { TaskRun, TaskStoppedError } from "./task_run.ts";

/** How an attempt ended. */
export type TaskEnd =
  | { readonly status: "completed"; readonly output: string }
  | ({ readonly status: "failed" } & Failure)
  | { readonly status: "stopped"; readonly stop: TaskStoppedError }
  | { readonly status: "released"; readonly reason: string; readonly delayMs: number };

/** What an attempt may take. */
export interface TaskLimits {
  /** Measures the time. */
  readonly clock: Clock;
  /** How long it may run, in milliseconds. */
  readonly timeoutMs?: number;
  /** The most bytes its output may have as JSON. */
  readonly maxOutputBytes: number;
  /** Called when the handler returns after its run was stopped. Until then it still runs, and its result is ignored. */
  readonly onStray: (promise: Promise<unknown>) => void;
}

/**
 * Runs a handler once.
 *
 * It returns when the handler ends or when the run is stopped, whichever comes first, so a handler that ignores its signal delays
 * nobody.
 *
 * @param definition the task
 * @param input its input, not yet checked
 * @param run its context
 * @param limits what it may take
 * @returns how it ended; never rejects
 */
export async function runTask(
  definition: TaskDefinition,
  input: unknown,
  run: TaskRun,
  limits: TaskLimits,
): Promise<TaskEnd> {
  const { clock, timeoutMs } = limits;
  const cancelTimeout = timeoutMs === undefined ? undefined : armTimeout(run, timeoutMs, clock);
  try {
    const result = callHandler(definition, input, { run, clock });
    const output = result instanceof Promise ? await untilStopped(result, run, limits) : result;
    // A handler that returns because it was told to stop has no result.
    if (run.stopped?.reason === "cancelled" || run.stopped?.reason === "lost") throw run.stopped;
    return { status: "completed", output: outputText(output, definition, limits) };
  } catch (thrown) {
    return endOf(thrown, run);
  } finally {
    cancelTimeout?.();
  }
}

function callHandler(
  definition: TaskDefinition,
  input: unknown,
  { run, clock }: { run: TaskRun; clock: Clock },
): unknown {
  if (definition.module !== undefined) return runIsolated(definition, input, { context: run, clock });
  const parsed = parseInput(definition, input);
  if (parsed instanceof Promise) return parsed.then((value) => definition.handler(value, run));
  return definition.handler(parsed, run);
}

async function untilStopped(result: Promise<unknown>, run: TaskRun, limits: TaskLimits): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>();
  run.onStop((error) => {
    // One more turn, so that a handler that ends because of its signal comes first.
    limits.clock.after(0, () => {
      limits.onStray(result.catch(() => {}));
      reject(error);
    });
  });
  return await Promise.race([result, promise]);
}

/** How an attempt ended that threw, or was stopped. */
export function endOf(thrown: unknown, run: TaskRun): TaskEnd {
  if (run.stopped !== undefined) {
    return run.stopped.reason === "timeout"
      ? { status: "failed", ...failureOf(run.stopped) }
      : { status: "stopped", stop: run.stopped };
  }
  if (thrown instanceof IsolatedError) {
    return { status: "failed", error: thrown.error, retryable: thrown.retryable };
  }
  return { status: "failed", ...failureOf(thrown) };
}

/** An output as JSON text. */
export function outputText(
  output: unknown,
  definition: TaskDefinition,
  limits: Pick<TaskLimits, "maxOutputBytes">,
): string {
  if (output === undefined || output === null) return "null";
  return toJson(output, { what: `output of task "${definition.name}"`, maxBytes: limits.maxOutputBytes });
}

/** Stops a run when it has taken too long. */
export function armTimeout(run: TaskRun, ms: number, clock: Clock): CancelTimer {
  const message = `Task "${run.taskName}" took longer than its timeout of ${ms / 1000} s`;
  return clock.after(ms, () => run.stop("timeout", message));
}

/** How long an attempt may take: by its execution, else by its declaration. */
export function timeoutOf(definition: TaskDefinition, timeoutMs: number | null): number | undefined {
  if (timeoutMs !== null) return timeoutMs;
  const declared = definition.options.timeout;
  return declared === undefined ? undefined : durationMs(declared);
}
