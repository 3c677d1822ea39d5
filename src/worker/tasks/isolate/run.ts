import { RhythmError } from "../../../shared/error.ts";
import type { ExecutionError, TaskContext, TaskDefinition } from "../../../define/mod.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { FromIsolate, ToIsolate } from "./protocol.ts";

/** Thrown in the host with what an isolated handler threw in its own realm. */
export class IsolatedError extends RhythmError {
  override readonly name = "IsolatedError";
  /** The error as the handler's realm described it. */
  readonly error: ExecutionError;
  /** Whether another attempt could help. */
  readonly retryable: boolean;

  /** @param error what was thrown @param retryable whether another attempt could help */
  constructor(error: ExecutionError, retryable: boolean) {
    super(error.message, { code: error.code ?? "ISOLATED" });
    this.error = error;
    this.retryable = retryable;
  }
}

/**
 * Runs a handler in its own Web Worker. When the context's signal fires, the worker is told, and ended a moment later, whatever it
 * is doing. So even a handler that never returns to the event loop stops.
 *
 * @param definition the task; its module is loaded again inside the worker
 * @param input the input, unchecked
 * @param host the host's context, where log and progress arrive, and its clock
 * @returns the output
 */
export async function runIsolated(
  definition: TaskDefinition,
  input: unknown,
  { context, clock }: { readonly context: TaskContext; readonly clock: Clock },
): Promise<unknown> {
  const worker = new Worker(new URL("./entry.ts", import.meta.url), {
    type: "module",
    name: definition.name,
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onAbort = (): void => {
    const reason = context.signal.reason;
    worker.postMessage(
      {
        type: "abort",
        reason: reason instanceof Error ? reason.message : String(reason),
      } satisfies ToIsolate,
    );
    clock.after(KILL_AFTER_MS, () => reject(reason));
  };
  const store = async ({ nth, value }: FromIsolate & { type: "checkpoint" }): Promise<void> => {
    const problem = await context.checkpoint(JSON.parse(value)).then(
      () => undefined,
      (error) => String(error.message),
    );
    worker.postMessage(
      { type: "stored", nth, ...(problem === undefined ? {} : { problem }) } satisfies ToIsolate,
    );
  };
  worker.onmessage = ({ data }: MessageEvent<FromIsolate>): void => {
    if (data.type === "log") {
      context.log[data.level](data.message, data.data === undefined ? undefined : JSON.parse(data.data));
    } else if (data.type === "progress") context.progress(JSON.parse(data.value));
    else if (data.type === "checkpoint") void store(data);
    else if (data.type === "done") resolve(data.output === undefined ? undefined : JSON.parse(data.output));
    else reject(new IsolatedError(data.error, data.retryable));
  };
  worker.onerror = (event): void => {
    event.preventDefault();
    reject(
      new IsolatedError({ type: "Error", message: `The isolated handler died: ${event.message}` }, true),
    );
  };
  context.signal.addEventListener("abort", onAbort, { once: true });
  try {
    context.signal.throwIfAborted();
    worker.postMessage(
      {
        type: "run",
        module: definition.module!,
        task: definition.name,
        input,
        executionId: context.executionId,
        attempt: context.attempt,
        metadata: context.metadata,
        lastCheckpoint: context.lastCheckpoint,
      } satisfies ToIsolate,
    );
    return await promise;
  } finally {
    context.signal.removeEventListener("abort", onAbort);
    worker.terminate();
  }
}

// Long enough for a handler that listens to save something, short enough for one that does not.
const KILL_AFTER_MS = 200;
