import {
  ANYTHING,
  callOf,
  checkArgument,
  checkPlain,
  checkShape,
  DURATION,
  FUNCTION,
  MOMENT,
  NAME,
  refuseUnknown,
  type SqlTag,
  TAGS,
  type TaskLog,
  type WorkflowRef,
} from "../define/mod.ts";
import { type Duration, durationMs } from "../shared/duration.ts";
import { type JsonObject, toJson } from "../shared/json.ts";
import { childOf, type ChildOptions, type NamedChild, type TaskLike } from "./child.ts";
import { Continuation } from "./continuation.ts";
import { ContextError } from "./errors.ts";
import { type StepAcquisition, StepGuard } from "./guard.ts";
import { checkKey, checkStepName, type Counter, keyed } from "./names.ts";
import { type Question, readSignal, rejectionOf } from "./question.ts";
import type { WorkflowRun } from "./run.ts";
import type { Stored } from "./stored.ts";
import { checkStepOptions, type StepOptions } from "./step_options.ts";

/** What a workflow's contexts share: who it is, and its run while it runs. */
export interface ContextCore {
  /** The execution. */
  readonly id: string;
  /** The workflow's name. */
  readonly workflow: string;
  /** What it was started with, or started over with. */
  input: unknown;
  /** It has started over in this process. */
  isContinued?: boolean;
  /** What its starter attached. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Where its log lines go. */
  readonly log: TaskLog;
  /** Runs it in this process; a worker's contexts have none. */
  readonly driver?: Driver;
  /** Its run, while it runs. */
  run: WorkflowRun | undefined;
  /** Counts the waits of this run. */
  counter: Counter;
}

/** Runs a workflow in the process that calls it. */
export interface Driver {
  /** Makes it this process's, to be run by hand. */
  start(core: ContextCore): Promise<void>;
  /** Ends it by hand. */
  end(core: ContextCore, end: { output: string } | { thrown: unknown }): Promise<void>;
  /** Runs its code to the end. */
  drive(core: ContextCore, code: DrivenCode): Promise<unknown>;
}

/** The code of a workflow. `next`: what it started over with; nothing: it is in its first round. */
export type DrivenCode = (ctx: WorkflowContext, next: { readonly input: unknown } | undefined) => unknown;

/** A call of a step as `step()` makes it. */
export interface ContextCall {
  /** The step, with its key. */
  readonly name: string;
  /** What holds for it. */
  readonly options: StepOptions;
  /** What the workflow is found by once it has ended. */
  readonly variables?: JsonObject;
  /** What it answers. */
  readonly answer?: JsonObject;
  /** Its function. */
  readonly run: (ctx: WorkflowContext) => unknown;
}

/** Makes a context. */
export let makeContext: (core: ContextCore) => WorkflowContext;
/** What is behind a context. */
export let coreOf: (ctx: WorkflowContext) => ContextCore;
/** Calls a step in a context. */
export let callStep: (ctx: WorkflowContext, call: ContextCall) => Promise<unknown>;

/**
 * The context of one workflow: passed to its steps, and what it waits with.
 *
 * Made by `Admin.createWorkflow()`, or by the worker that runs it.
 */
export class WorkflowContext {
  readonly #core: ContextCore;
  readonly #inside: string | undefined;
  readonly #sql: SqlTag | undefined;

  static {
    makeContext = (core) => new WorkflowContext(core);
    coreOf = (ctx) => ctx.#core;
    callStep = (ctx, call) => ctx.#call(call);
  }

  private constructor(core: ContextCore, inside?: string, sql?: SqlTag) {
    this.#core = core;
    this.#inside = inside;
    this.#sql = sql;
  }

  /** The workflow's id: the same in every run, so it serves as idempotency key for calls to the outside. */
  id(): string {
    return this.#core.id;
  }

  /** The workflow's name. */
  get name(): string {
    return this.#core.workflow;
  }

  /** What it was started with. */
  get input(): unknown {
    return this.#core.input;
  }

  /** What its starter attached. */
  get metadata(): Readonly<Record<string, unknown>> {
    return this.#core.metadata;
  }

  /** Fires when the workflow is cancelled, or is no longer this process's: pass it to `fetch()` and its like. */
  get abortSignal(): AbortSignal {
    return this.#running("abortSignal").abortSignal;
  }

  /**
   * Lets the workflow start over under the same id, with other inputs and without its history: return what this gives. For workflows that run
   * for ever. Signals that nobody took wait on. Children that still run go on, and nobody waits for them.
   *
   * @param inputs what it begins with
   * @returns what the workflow must return
   * @throws {JsonError} the inputs are not JSON
   */
  continueAs(inputs: unknown = {}): never {
    return new Continuation(
      toJson(inputs, { what: `the inputs with which workflow "${this.name}" starts over` }),
    ) as never;
  }

  /** Durable log lines. In the workflow's own code they are written once, not again in every replay. */
  get log(): TaskLog {
    const { log, run } = this.#core;
    return this.#inside === undefined && run?.isReplaying ? SILENCE : log;
  }

  /** In a transactional step: the transaction that saves its result. */
  get sql(): SqlTag {
    if (this.#sql !== undefined) return this.#sql;
    throw new ContextError(
      `${
        this.#inside === undefined ? `Workflow "${this.name}"` : `Step "${this.#inside}"`
      } has no ctx.sql: ` +
        `only a step declared with { transactional: true } has`,
      "NO_SQL",
    );
  }

  /**
   * Begins to run the workflow by hand: its status is `running`, and it is this process's until `success()` or
   * `fail()`. A function made by `workflow()` does all that itself.
   */
  async start(): Promise<void> {
    await this.#driver("start").start(this.#core);
  }

  /** Ends the workflow with a result. */
  async success(output?: unknown): Promise<void> {
    this.#running("success");
    const text = toJson(output, { what: `the result of workflow "${this.name}"` });
    await this.#driver("success").end(this.#core, { output: text });
  }

  /** Ends the workflow with an error: an `Error`, or the sentence of one. */
  async fail(error: unknown): Promise<void> {
    this.#running("fail");
    await this.#driver("fail").end(this.#core, {
      thrown: typeof error === "string" ? new Error(error) : error,
    });
  }

  /**
   * A step by hand: says whether it must run (`execute`, with a guard that takes how it ended) or has already run
   * (`skipped`, with its result).
   *
   * @param name the step
   * @returns what to do
   * @throws what the step failed with, if it failed: that is final
   */
  async acquireStep<T = unknown>(name: string): Promise<StepAcquisition<T>> {
    checkStepName(withoutKey(name), "acquireStep()");
    const run = this.#running("acquireStep");
    const found = await run.acquire(name);
    if (typeof found !== "function") return { status: "skipped", value: found.value as T };
    return { status: "execute", guard: new StepGuard(run, name, found) };
  }

  /**
   * Declares and calls a step in one go.
   *
   * @param name the name its result is kept under
   * @param fn what it does
   * @returns its result, now or of the run that finished it
   */
  step<Output>(name: string, fn: (ctx: WorkflowContext) => Output): Promise<Stored<Awaited<Output>>>;
  /** Declares and calls a step whose writes commit with its result. */
  step<Output>(
    name: string,
    options: StepOptions & { transactional: true },
    fn: (ctx: TransactionalStepContext) => Output,
  ): Promise<Stored<Awaited<Output>>>;
  /** Declares and calls a step with options. */
  step<Output>(
    name: string,
    options: StepOptions & { transactional?: false },
    fn: (ctx: WorkflowContext) => Output,
  ): Promise<Stored<Awaited<Output>>>;
  step(name: string, second: unknown, third?: unknown): Promise<unknown> {
    const options = (typeof second === "function" ? {} : second) as StepOptions;
    const fn = typeof second === "function" ? second : third;
    checkStepName(withoutKey(name), "ctx.step()");
    const where = callOf("ctx.step", name);
    checkStepOptions(options, where);
    checkArgument(fn, { argument: "fn", type: FUNCTION, where });
    return this.#call({ name, options, run: fn as ContextCall["run"] });
  }

  /**
   * Sleeps: for seconds, a duration such as `"2d"`, or until a moment. Under a worker the workflow is suspended and
   * nobody is held up by it.
   *
   * @param length how long, or until when
   * @param options a key, for sleeps that run in parallel in no fixed order
   */
  async sleep(length: Duration | Date, options: WaitKey = {}): Promise<void> {
    const where = "ctx.sleep()";
    const type = length instanceof Date ? MOMENT : DURATION;
    checkArgument(length, { argument: "length", type, where });
    refuseUnknown(options, ["key"], where);
    const delay = length instanceof Date ? { until: length.toISOString() } : { delay_ms: durationMs(length) };
    await this.#between("sleep").wait(this.#nameOf("sleep", options), () => ({ kind: "sleep", ...delay }));
  }

  /**
   * Waits for the next signal of a name, as `Signal.next()` does in a flow. Signals are kept until they are taken, each
   * once, in order.
   *
   * @param name the signal
   * @param options how long to wait, and a key for waits that run in parallel in no fixed order
   * @returns its payload; of a signal that was sent with `ask()`, a {@linkcode Question}
   * @throws an error named `TimeoutError` when the time is over
   */
  async nextSignal<Payload = unknown>(
    name: string,
    options: WaitKey & { timeout?: Duration } = {},
  ): Promise<Payload> {
    const where = "ctx.nextSignal()";
    checkArgument(name, { argument: "name", type: NAME, where });
    checkShape(options, { key: ANYTHING, timeout: DURATION }, { where });
    const run = this.#between("nextSignal");
    const limit = options.timeout === undefined ? {} : { delay_ms: durationMs(options.timeout) };
    const step = this.#nameOf(`signal ${name}`, options);
    const { wait, payload } = readSignal(
      await run.wait(step, () => ({ kind: "signal", signal: name, ...limit })),
    );
    return (wait === null ? payload : this.#question(step, wait, payload)) as Payload;
  }

  /**
   * Runs a task or another workflow under this one and waits for its result. It is cancelled with this one.
   *
   * @param target what `task()` or `workflow()` made, or `{ task: name }`, `{ workflow: name }`
   * @param input what it is started with
   * @param options how it runs, and a key for calls that run in parallel in no fixed order
   * @returns its result
   * @throws what it failed with
   */
  run<Input, Output>(
    target: TaskLike<Input, Output>,
    input?: Input,
    options?: ChildOptions & WaitKey,
  ): Promise<Stored<Output>>;
  /** Runs another workflow under this one and waits for its result. */
  run<Input, Output>(
    // Without this a task with a wrong input would pass for a workflow: it has a name, too.
    target: WorkflowRef<Input, Output> & { readonly queue?: undefined },
    input?: Input,
    options?: ChildOptions & WaitKey,
  ): Promise<Output>;
  /** Runs a task or a workflow by its name and waits for its result. */
  run<Output = unknown>(
    target: NamedChild,
    input?: unknown,
    options?: ChildOptions & WaitKey,
  ): Promise<Output>;
  async run(target: unknown, input?: unknown, options: ChildOptions & WaitKey = {}): Promise<unknown> {
    const run = this.#between("run");
    checkPlain(options, { argument: "options", where: "ctx.run()" });
    const { key, ...rest } = options;
    const child = childOf(target, input, rest);
    const kind = child.type === "task" ? "task" : "workflow";
    const name = this.#nameOf(`${kind} ${child.target}`, key === undefined ? {} : { key });
    return await run.wait(name, () => ({ kind, child }));
  }

  /**
   * Sets variables that the workflow is found by: `executions.query({ variables: { orderId: 1042 } })`. Stored once, as a step of
   * its own. Variables that were set before stay.
   *
   * @param variables a text, a number or a boolean for each; of an array each of the first 20 items counts; `null` removes one
   */
  async tag(variables: TagValues): Promise<void> {
    const where = "ctx.tag()";
    checkArgument(variables, { argument: "variables", type: TAGS, where });
    this.#between("tag");
    const name = this.#core.counter.next(`tag ${Object.keys(variables).sort().join(" ")}`.slice(0, 200));
    await this.#call({ name, options: {}, variables: { ...variables } as JsonObject, run: () => {} });
  }

  // The answer is saved with a step of its own, so a run after a crash gives none twice.
  #question(step: string, wait: string, payload: unknown): Question {
    let given: Promise<void> | undefined;
    const answer = (what: JsonObject): Promise<void> =>
      given ??= this.#call({
        name: `answer to ${step}`,
        options: {},
        answer: { wait, ...what },
        run: () => {},
      }) as Promise<void>;
    return {
      payload,
      reply: async (value) => {
        await answer({ value: JSON.parse(toJson(value, { what: `the answer to "${step}"` })) });
      },
      reject: async (error) => {
        await answer({ error: rejectionOf(error) });
      },
    };
  }

  #call({ name, options, variables, answer, run: fn }: ContextCall): Promise<unknown> {
    if (this.#sql !== undefined) {
      return Promise.reject(
        new ContextError(
          `Step "${name}" cannot be called in step "${this.#inside}", which is transactional: a transaction has one result, ` +
            `and on the embedded database nothing else can be stored while it is open. ` +
            `Call one after the other in the workflow, or do both in one step`,
          "NESTED_TRANSACTION",
        ),
      );
    }
    try {
      return this.#running(`step "${name}"`).step({
        name,
        retry: options.retry,
        transactional: options.transactional ?? false,
        ...(variables && { variables }),
        ...(answer && { answer }),
        run: (sql) => fn(new WorkflowContext(this.#core, name, sql)),
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #nameOf(name: string, { key }: WaitKey): string {
    if (key === undefined) return this.#core.counter.next(name);
    checkKey(key, name);
    return keyed(`${name} `, key);
  }

  #running(what: string): WorkflowRun {
    const { run } = this.#core;
    if (run !== undefined) return run;
    throw new ContextError(
      `${what}: workflow "${this.name}" (${this.id()}) is not running here. Pass its context to the function that workflow() made, ` +
        `or call ctx.start() first`,
      "WORKFLOW_NOT_RUNNING",
    );
  }

  #between(what: string): WorkflowRun {
    if (this.#inside === undefined) return this.#running(`ctx.${what}()`);
    throw new ContextError(
      `ctx.${what}() cannot be called in step "${this.#inside}": a step runs through once. Call it in the workflow, between steps`,
      "WAIT_IN_STEP",
    );
  }

  #driver(what: string): Driver {
    if (this.#core.driver !== undefined) return this.#core.driver;
    throw new ContextError(
      `ctx.${what}() cannot be called: a worker runs workflow "${this.name}" (${this.id()}), and ends it with what its function gives`,
      "WORKFLOW_DRIVEN",
    );
  }
}

// A step by hand may have a key: `double#3`.
function withoutKey(name: unknown): unknown {
  return typeof name === "string" ? name.split("#")[0] : name;
}

/** The context of a transactional step. */
export type TransactionalStepContext = WorkflowContext & {
  /** The transaction that saves the step: what is written here commits with its result, or not at all. */
  readonly sql: SqlTag;
};

/** Variables that a workflow is found by, with their values; `null` removes one. */
export interface TagValues {
  /** A variable, and its value. */
  readonly [name: string]: string | number | boolean | readonly (string | number | boolean)[] | null;
}

/** Tells waits apart that have one name and run in parallel in no fixed order. */
export interface WaitKey {
  /** The same for the same wait in every run. */
  key?: string | number;
}

const nothing = (): void => {};
const SILENCE: TaskLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
