import {
  type AnyTask,
  ANYTHING,
  checkArgument,
  checkPlain,
  checkRetry,
  checkStartOptions,
  engineOptions,
  InvalidOptionError,
  isTask,
  NAME,
  type OwnType,
  parseInput,
  type PauseOptions,
  retryPolicyOf,
  type Run,
  type Shape,
  type StartOptions,
  type Task,
  type TaskDefinition,
  type TaskOptions,
  type WaitOptions,
} from "../define/mod.ts";
import type { JsonValue } from "../shared/json.ts";
import { fits, optionsIn, wantedBy } from "../shared/options.ts";
import type { ClientCore } from "./core.ts";
import { pause, resume } from "./pauses.ts";
import { registerTasks } from "../db/calls/tasks.ts";
import type { StartRequest } from "./request.ts";
import { ExecutionRun, outputOf } from "./run.ts";

/** How to start something and wait for it. */
export interface RunNowOptions extends StartOptions {
  /** How long to wait for the result. Default: until the end. */
  wait?: WaitOptions;
}

/** What `run()` takes besides the options of a start; how long to wait is checked before anything is started. */
export const RUN_NOW: Shape = { wait: ANYTHING };

const TASK: OwnType = {
  kind: "own",
  wanted: `a task made by task(), or ${wantedBy(NAME)}`,
  fits: (value) => isTask(value) || fits(NAME, value),
};

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

  /**
   * Pauses a task: nothing of it begins, in any queue. What runs ends first.
   *
   * @param task the name
   * @param options why, and who
   * @returns false if it was paused already
   */
  async pause(task: string, options: PauseOptions = {}): Promise<boolean> {
    checkArgument(task, { argument: "task", type: NAME, where: "tasks.pause()" });
    return await pause(this.#core, { kind: "task", name: task }, options, "tasks.pause()");
  }

  /** Lets a paused task begin again; false if it was not paused. */
  async resume(task: string): Promise<boolean> {
    checkArgument(task, { argument: "task", type: NAME, where: "tasks.resume()" });
    return await resume(this.#core, { kind: "task", name: task });
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
    const { request, where } = await this.#toStart(task, input, options, "tasks.queue()");
    return new ExecutionRun(this.#core, await this.#core.start(request, where));
  }

  /** Queues a declared task and waits for its result. */
  async run<Input, Output>(task: Task<Input, Output>, input: Input, options?: RunNowOptions): Promise<Output>;
  /** Queues a task by its name and waits for its result. */
  async run<Output = JsonValue>(task: string, input?: unknown, options?: RunNowOptions): Promise<Output>;
  async run(
    task: AnyTask | string,
    input?: unknown,
    options: RunNowOptions = {},
  ): Promise<unknown> {
    checkStartOptions(options, "tasks.run()", RUN_NOW);
    const { wait, ...start } = options;
    const { request, where } = await this.#toStart(task, input, start, "tasks.run()");
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

  async #toStart(
    task: AnyTask | string,
    input: unknown,
    options: StartOptions,
    where: string,
  ): Promise<Start> {
    checkArgument(task, { argument: "task", type: TASK, where });
    const definition = isTask(task) ? task.definition : this.#known.get(task);
    if (definition !== undefined) return await toStart(definition, input, options);
    return { request: { type: "task", target: task as string, inputs: input ?? {}, options }, where };
  }
}

interface Start {
  readonly request: StartRequest;
  readonly where: string;
}

// The input is checked by the schema and travels as it was given, so that the worker's schema sees what the caller wrote.
async function toStart(definition: TaskDefinition, input: unknown, options: StartOptions): Promise<Start> {
  const where = `${definition.name}.queue()`;
  checkPlain(options, { argument: "options", where });
  if (options.retry !== undefined) checkRetry(options.retry, { in: "start", where });
  if (options.debounce?.inputs === "all" && definition.options.input !== undefined) {
    throw new InvalidOptionError(
      "debounce.inputs",
      `${where}: "debounce.inputs" cannot be "all", because the task has a schema for one input, and would get an array`,
    );
  }
  await parseInput(definition, input);
  const merged = { ...declaredOptions(definition), ...defined(options) };
  if (options.retry !== undefined) {
    merged.retry = { ...retryPolicyOf(definition.options.retry), ...retryPolicyOf(options.retry) };
  }
  const request = { type: "task" as const, target: definition.name, inputs: input ?? null, options: merged };
  return { request, where };
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
