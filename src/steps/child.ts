import {
  checkOptions,
  describe,
  engineOptions,
  InvalidOptionError,
  type RetryPolicy,
  type UniqueOptions,
} from "../define/mod.ts";
import type { Duration } from "../shared/duration.ts";
import { assertJson, type JsonObject } from "../shared/json.ts";

/** A task as far as its types go: what `task()` makes. */
export interface TaskLike<Input, Output> {
  /** Runs it here and now; `ctx.run()` queues it instead. */
  (input: Input): Promise<Output>;
  /** The name it is queued under. */
  readonly name: string;
  /** Queues it for itself. */
  readonly queue: (...parts: never[]) => unknown;
}

/** What a workflow can run under it by name. */
export type NamedChild = { readonly task: string } | { readonly workflow: string };

/** How a child runs. */
export interface ChildOptions {
  /** The queue to wait in. */
  queue?: string;
  /** Higher goes first. */
  priority?: number;
  /** How long from now until it may run. */
  delay?: Duration;
  /** The moment from which it may run. */
  runAt?: Date | string;
  /** It is cancelled if it has not begun by then: a moment, or how long after the moment from which it may run. */
  expires?: Duration | Date;
  /** How long it may take: an attempt of a task, the whole of a workflow. */
  timeout?: Duration;
  /** When and how often an attempt is repeated; a number is `maxAttempts`. Default: none that threw. */
  retry?: RetryPolicy | number;
  /** The same key of the same task or workflow runs once. Later starts get the result of the first. */
  idempotencyKey?: string;
  /** How long the key belongs to that execution. Default: as long as it is kept. */
  idempotencyTtl?: Duration;
  /** One execution at a time with this key. `onConflict` can be `existing` or `reject`. */
  unique?: UniqueOptions;
  /** Executions under one key share the queue's limit per key. */
  concurrencyKey?: string;
  /** What becomes of it when its workflow is cancelled or passes its timeout: it is cancelled, too, or goes on (`abandon`). Default: `cancel`. */
  onParentCancel?: "cancel" | "abandon";
  /** What to attach; it can be searched. */
  metadata?: Record<string, unknown>;
}

/** A child as the engine takes it. */
export function childOf(
  target: unknown,
  input: unknown,
  options: ChildOptions,
): JsonObject & { type: string; target: string } {
  const named = nameOf(target);
  const where = `ctx.run("${named.target}")`;
  checkOptions(options, { in: "child", where });
  const onConflict = options.unique?.onConflict;
  if (onConflict === "replace" || onConflict === "cancel_existing") {
    throw new InvalidOptionError(
      "unique.onConflict",
      `${where}: "unique.onConflict" of a child must be existing or reject`,
    );
  }
  const inputs = input === undefined ? {} : input;
  assertJson(inputs, { what: `inputs of ${named.type} "${named.target}"` });
  return { ...engineOptions(options, "child"), ...named, inputs: inputs as JsonObject };
}

function nameOf(target: unknown): { type: string; target: string } {
  if (typeof target === "function" || typeof target === "object" && target !== null) {
    if ("task" in target && typeof target.task === "string") return { type: "task", target: target.task };
    if ("workflow" in target && typeof target.workflow === "string") {
      return { type: "workflow", target: target.workflow };
    }
    if ("definition" in target && "name" in target && typeof target.name === "string") {
      return { type: "queue" in target ? "task" : "workflow", target: target.name };
    }
  }
  throw new InvalidOptionError(
    "target",
    `ctx.run(): "target" must be made by task() or workflow(), or be { task: name } or { workflow: name }, not ${
      describe(target)
    }`,
  );
}
