import { type BatchContext, type BatchDefinition, batchOf, type BatchOptions, oneOfBatch } from "./batch.ts";
import type { TaskContext, TransactionalContext } from "./context.ts";
import { queueOnDefault } from "./default_queue.ts";
import { InvalidInputError } from "./errors.ts";
import { InvalidOptionError } from "../shared/error.ts";
import type { Run } from "./execution.ts";
import { callOf, describe, NAME } from "../shared/arguments.ts";
import { checkTaskOptions, type StartOptions, type TaskOptions } from "./options.ts";
import { isName } from "../shared/names.ts";
import { wantedBy } from "../shared/options.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./schema.ts";
import { directContext } from "./direct_context.ts";
import { declare } from "./declarations.ts";

/** The context that a task's options earn its handler. */
export type ContextFor<Transactional extends boolean> = Transactional extends true ? TransactionalContext
  : TaskContext;

/** A task: a call runs it here; `.queue()` lets a worker run it, also after a crash. */
export interface Task<Input = unknown, Output = unknown> {
  /** Runs the handler in this process, without the database. The input is checked like any other. */
  (input: Input): Promise<Output>;
  /** The name it is queued under. */
  readonly name: string;
  /** What was declared. */
  readonly definition: TaskDefinition;
  /**
   * Queues an execution on the default application.
   *
   * @param input what the handler gets; checked here, before anything is written
   * @param options when, where and how often it may run
   * @returns the execution's id and what one does with it
   */
  queue(input: Input, options?: StartOptions): Promise<Run<Output>>;
}

/** A task as the worker sees it. */
export interface TaskDefinition {
  /** The name it is queued under. */
  readonly name: string;
  /** What was declared. */
  readonly options: TaskOptions & { readonly input?: StandardSchema };
  /** For a task that handles batches: how. Its `handler` gives it one execution. */
  readonly batch?: BatchDefinition;
  /** For an isolated task: the module that declares it. */
  readonly module?: string;
  /** The handler, its input unchecked. */
  readonly handler: (input: unknown, context: TransactionalContext) => unknown;
}

/** Any task, whatever its types. */
// deno-lint-ignore no-explicit-any
export type AnyTask = Task<any, any>;

/**
 * Declares a task whose input is checked by a schema.
 *
 * @param options its name, and what holds for its executions unless their starter says otherwise
 * @param handler what it does; runs at least once, and exactly once in effect if `transactional`
 * @returns a function that runs it directly, with `.queue()` for the durable way
 * @throws {InvalidOptionError} an option that does not exist, or a value it cannot have
 *
 * @example Declare, call, queue
 * ```ts
 * import { task } from "@rhythm/core";
 * import { z } from "zod";
 *
 * const greet = task({ name: "greet", input: z.object({ who: z.string() }) }, ({ who }) => `Hello, ${who}`);
 *
 * const greeting: string = await greet({ who: "Ada" });
 *
 * async function durably(): Promise<string> {
 *   const run = await greet.queue({ who: "Ada" }, { delay: "1h" });
 *   return await run.result();
 * }
 * ```
 */
export function task<Schema extends StandardSchema, Output, Transactional extends boolean = false>(
  options: TaskOptions & { input: Schema; transactional?: Transactional; batch?: undefined },
  handler: (input: SchemaOutput<Schema>, ctx: ContextFor<Transactional>) => Output,
): Task<SchemaInput<Schema>, Awaited<Output>>;
/** Declares a task whose handler gets many inputs, checked by a schema, in one call. */
export function task<Schema extends StandardSchema, Result>(
  options: TaskOptions & { input: Schema; batch: BatchOptions },
  handler: (
    many: SchemaOutput<Schema>[],
    ctx: BatchContext,
  ) => readonly Result[] | Promise<readonly Result[]>,
): Task<SchemaInput<Schema>, Exclude<Result, Error>>;
/** Declares a task whose handler gets many inputs in one call. */
export function task<Input, Result>(
  options: TaskOptions & { input?: undefined; batch: BatchOptions },
  handler: (many: Input[], ctx: BatchContext) => readonly Result[] | Promise<readonly Result[]>,
): Task<Input, Exclude<Result, Error>>;
/** Declares a task whose input has the type its handler says. */
export function task<Input, Output, Transactional extends boolean = false>(
  options: TaskOptions & { input?: undefined; transactional?: Transactional; batch?: undefined },
  handler: (input: Input, ctx: ContextFor<Transactional>) => Output,
): Task<Input, Awaited<Output>>;
/** Declares a task under the name of its function, with the defaults. */
export function task<Input, Output>(
  handler: (input: Input, ctx: TaskContext) => Output,
): Task<Input, Awaited<Output>>;
export function task(
  first: (TaskOptions & { input?: StandardSchema }) | TaskDefinition["handler"],
  second?: (...given: never[]) => unknown,
): AnyTask {
  if (typeof first === "function" && second !== undefined) {
    throw new InvalidOptionError(
      "options",
      "task(): options stand before the handler: task({ name, … }, handler), not task(handler, options)",
    );
  }
  const options = typeof first === "function" ? {} : first;
  const handler = (typeof first === "function" ? first : second) as TaskDefinition["handler"];
  checkTaskOptions(options);
  if (typeof handler !== "function") {
    throw new InvalidOptionError(
      "handler",
      `${callOf("task", options.name)}: "handler" must be a function, not ${describe(handler)}`,
    );
  }
  const name = nameOf(options, handler);
  const module = moduleOf(options);
  const batch = options.batch === undefined
    ? undefined
    : batchOf(options.batch, handler as unknown as BatchDefinition["handler"]);
  const definition: TaskDefinition = {
    name,
    options,
    handler: batch === undefined ? handler : oneOfBatch(name, batch),
    ...(batch !== undefined && { batch }),
    ...(module !== undefined && { module }),
  };

  const call = async (input: unknown): Promise<unknown> => {
    if (options.transactional) {
      throw new InvalidOptionError(
        "transactional",
        `Task "${name}" is transactional and cannot be called directly: queue it`,
      );
    }
    return await definition.handler(await parseInput(definition, input), directContext(name));
  };
  const queue = async (input: unknown, start: StartOptions = {}): Promise<Run<unknown>> => {
    return await queueOnDefault(definition, input, start);
  };
  const made = Object.defineProperties(call, {
    name: { value: name },
    definition: { value: definition },
    queue: { value: queue },
  }) as unknown as AnyTask;
  declare(definition);
  return made;
}

/** Whether a value was made by `task()`. */
export function isTask(value: unknown): value is AnyTask {
  return typeof value === "function" && "definition" in value && "queue" in value;
}

/**
 * Checks an input against the schema of its task, if it has one.
 *
 * @returns what the handler is to get: the schema's output
 * @throws {InvalidInputError} naming every issue with its path
 */
export function parseInput(definition: TaskDefinition, input: unknown): unknown {
  const schema = definition.options.input;
  if (schema === undefined) return input;
  const result = schema["~standard"].validate(input);
  if (result instanceof Promise) return result.then((late) => accepted(definition, late));
  return accepted(definition, result);
}

function accepted(
  definition: TaskDefinition,
  result: Awaited<ReturnType<StandardSchema["~standard"]["validate"]>>,
): unknown {
  if (result.issues !== undefined) throw new InvalidInputError(definition.name, result.issues);
  return result.value;
}

function nameOf(options: TaskOptions, handler: TaskDefinition["handler"]): string {
  const name = options.name === undefined ? handler.name : options.name;
  if (typeof name === "string" && isName(name)) return name;
  throw new InvalidOptionError(
    "name",
    `task(): "name" must be ${wantedBy(NAME)}, or the handler a function with a name, not ${describe(name)}`,
  );
}

// V8 writes the URL of each frame's module; the first one outside this file called task().
function moduleOf(options: TaskOptions): string | undefined {
  if (!options.isolate) return undefined;
  if (typeof options.isolate === "object") return String(options.isolate.module);
  for (const line of (new Error().stack ?? "").split("\n").slice(1)) {
    const url = /((?:file|https?|data|blob):.*?):\d+:\d+\)?$/.exec(line)?.[1];
    if (url !== undefined && url !== import.meta.url) return url;
  }
  throw new InvalidOptionError(
    "isolate",
    `task("${options.name}"): cannot tell which module declares it; say it with isolate: { module: import.meta.url }`,
  );
}
