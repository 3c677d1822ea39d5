import {
  type AnyTask,
  engineOptions,
  isTask,
  parseInput,
  retryPolicyOf,
  type Run,
  type StartOptions,
  type Task,
  type TaskDefinition,
  type TaskOptions,
  type WaitOptions,
} from "../define/mod.ts";
import type { JsonValue } from "../shared/json.ts";
import { optionsIn } from "../shared/options.ts";
import type { ClientCore } from "./core.ts";
import { registerTasks } from "../db/calls/tasks.ts";
import type { StartRequest } from "./request.ts";
import { ExecutionRun, outputOf } from "./run.ts";

/** How to start something and wait for it. */
export interface RunNowOptions extends StartOptions {
  /** How long to wait for the result. Default: until the end. */
  wait?: WaitOptions;
}

/** Tasks: queue one, or queue it and wait for its result. */
export class Tasks {
  readonly #core: ClientCore;
  readonly #known: ReadonlyMap<string, TaskDefinition>;

  /**
   * Made by the application.
   *
   * @param core what calls
   * @param known the tasks that this application declares
   */
  constructor(core: ClientCore, known: ReadonlyMap<string, TaskDefinition>) {
    this.#core = core;
    this.#known = known;
  }

  /** Queues a declared task; its types and its schema hold. */
  async queue<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    options?: StartOptions,
  ): Promise<Run<Output>>;
  /** Queues a task by its name; its schema holds if this application declares it. */
  async queue<Output = JsonValue>(
    task: string,
    input?: unknown,
    options?: StartOptions,
  ): Promise<Run<Output>>;
  async queue(task: AnyTask | string, input?: unknown, options: StartOptions = {}): Promise<Run<unknown>> {
    const { request, where } = await this.#toStart(task, input, options);
    return new ExecutionRun(this.#core, await this.#core.start(request, where));
  }

  /** Queues a declared task and waits for its result. */
  async run<Input, Output>(task: Task<Input, Output>, input: Input, options?: RunNowOptions): Promise<Output>;
  /** Queues a task by its name and waits for its result. */
  async run<Output = JsonValue>(task: string, input?: unknown, options?: RunNowOptions): Promise<Output>;
  async run(
    task: AnyTask | string,
    input?: unknown,
    { wait, ...options }: RunNowOptions = {},
  ): Promise<unknown> {
    const { request, where } = await this.#toStart(task, input, options);
    return outputOf(await this.#core.run(request, where, wait));
  }

  /** Tells the engine what holds for executions of these tasks that others start: flows, schedules, psql. */
  async register(): Promise<void> {
    const declared = [...this.#known.values()].map((definition) => ({
      name: definition.name,
      ...engineOptions(declaredOptions(definition), "defaults"),
    }));
    if (declared.length > 0) {
      await this.#core.retried(() => registerTasks(this.#core.engine, JSON.stringify(declared)));
    }
  }

  /** Queues what was declared. */
  async queueDeclared(
    definition: TaskDefinition,
    input: unknown,
    options: StartOptions,
  ): Promise<Run<unknown>> {
    const { request, where } = await toStart(definition, input, options);
    return new ExecutionRun(this.#core, await this.#core.start(request, where));
  }

  async #toStart(task: AnyTask | string, input: unknown, options: StartOptions): Promise<Start> {
    const definition = isTask(task) ? task.definition : this.#known.get(task);
    if (definition !== undefined) return await toStart(definition, input, options);
    const request = { type: "task" as const, target: task as string, inputs: input ?? {}, options };
    return { request, where: "tasks.queue()" };
  }
}

interface Start {
  readonly request: StartRequest;
  readonly where: string;
}

// The input is checked by the schema and travels as it was given, so that the worker's schema sees what the caller wrote.
async function toStart(definition: TaskDefinition, input: unknown, options: StartOptions): Promise<Start> {
  await parseInput(definition, input);
  const merged = { ...declaredOptions(definition), ...defined(options) };
  if (options.retry !== undefined) {
    merged.retry = { ...retryPolicyOf(definition.options.retry), ...retryPolicyOf(options.retry) };
  }
  const request = { type: "task" as const, target: definition.name, inputs: input ?? null, options: merged };
  return { request, where: `${definition.name}.queue()` };
}

function declaredOptions({ options }: TaskDefinition): StartOptions {
  return Object.fromEntries(
    optionsIn("defaults").map(({ name }) => [name, options[name as keyof TaskOptions]]).filter(([, value]) =>
      value !== undefined
    ),
  );
}

function defined(options: StartOptions): StartOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
