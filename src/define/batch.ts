import { callOf, checkShape, type Shape } from "../shared/arguments.ts";
import { type Duration, durationMs } from "../shared/duration.ts";
import { InvalidOptionError, RhythmError } from "../shared/error.ts";
import type { TaskContext, TaskLog, TransactionalContext } from "./context.ts";
import { NonRetryableError } from "./errors.ts";

/** How many executions of a task its handler gets in one call. */
export interface BatchOptions {
  /** So many at most: 1 to 1000. */
  size: number;
  /**
   * How long a worker gathers, from the first one on. Default: it does not wait, and the handler gets what came at once. At most a
   * minute, and never longer than a quarter of the worker's lease.
   */
  wait?: Duration;
}

/** One execution of a batch, for its handler. A batch has no checkpoints. */
export type BatchItem = Pick<
  TaskContext,
  "executionId" | "attempt" | "signal" | "metadata" | "log" | "progress" | "heartbeat"
>;

/** What a handler of batches is given besides the inputs. */
export interface BatchContext {
  /** The task's name. */
  readonly taskName: string;
  /** The executions, in the order of the inputs. */
  readonly items: readonly BatchItem[];
  /** Fires when all of them are cancelled, past their timeout, or lost. */
  readonly signal: AbortSignal;
}

/** The results of a batch: for each execution its output, or an `Error` that fails this one alone. */
export type BatchResults = readonly unknown[];

/** A batch, as the worker runs it. */
export interface BatchDefinition {
  /** So many at most. */
  readonly size: number;
  /** How long a worker gathers, in milliseconds. */
  readonly waitMs: number;
  /** The handler, its inputs unchecked. */
  readonly handler: (many: unknown[], context: BatchContext) => BatchResults | Promise<BatchResults>;
}

const MOST_SIZE = 1000;
const LONGEST_WAIT_MS = 60_000;

const SHAPE: Shape = {
  size: { kind: "number", from: 1, to: MOST_SIZE, whole: true },
  wait: {
    kind: "own",
    wanted: 'a duration of at most a minute: seconds, or text such as "50ms"',
    fits: (value) => {
      try {
        return durationMs(value as Duration) <= LONGEST_WAIT_MS;
      } catch {
        return false;
      }
    },
  },
};

/** Checks the option `batch` of `task()`. */
export function checkBatch(
  given: BatchOptions,
  others: { name?: unknown; transactional?: unknown; isolate?: unknown },
): void {
  const where = callOf("task", others.name as string | undefined);
  checkShape(given, SHAPE, { where: `${where} batch`, at: "batch.", argument: "batch", required: ["size"] });
  for (const other of ["transactional", "isolate"] as const) {
    if (others[other]) {
      throw new InvalidOptionError("batch", `${where}: give "batch" or "${other}", not both`);
    }
  }
}

/** The batch that a task declares. */
export function batchOf(options: BatchOptions, handler: BatchDefinition["handler"]): BatchDefinition {
  return { size: options.size, waitMs: durationMs(options.wait ?? 0), handler };
}

/** A handler that gives the handler of batches one execution: for direct calls, and for tests. */
export function oneOfBatch(
  name: string,
  { handler }: BatchDefinition,
): (input: unknown, context: TransactionalContext) => Promise<unknown> {
  return async (input, context) => {
    const given = { taskName: name, items: [itemOf(context)], signal: context.signal };
    const [result] = checkResults(name, await handler([input], given), 1);
    if (result instanceof Error) throw result;
    return result;
  };
}

/** An execution as the handler of its batch sees it. */
export function itemOf(context: TaskContext): BatchItem {
  return {
    executionId: context.executionId,
    attempt: context.attempt,
    metadata: context.metadata,
    get signal(): AbortSignal {
      return context.signal;
    },
    get log(): TaskLog {
      return context.log;
    },
    progress: (value) => context.progress(value),
    heartbeat: () => context.heartbeat(),
    // For callers without types.
    ...{
      checkpoint(): never {
        throw new RhythmError(
          `Task "${context.taskName}" has no checkpoints: it handles batches, and the next attempt may be in another one`,
          { code: "NO_CHECKPOINT" },
        );
      },
    },
  };
}

/**
 * Checks what a handler of batches returned.
 *
 * @throws {NonRetryableError} it is not an array with a result for each
 */
export function checkResults(name: string, results: unknown, count: number): BatchResults {
  if (Array.isArray(results) && results.length === count) return results;
  const got = Array.isArray(results) ? `an array of ${results.length}` : typeof results;
  throw new NonRetryableError(
    `Task "${name}" handles batches: it must return an array with a result for each of its ${count} inputs, not ${got}`,
  );
}
