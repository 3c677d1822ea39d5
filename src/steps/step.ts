import { callOf, checkArgument, describe, FUNCTION, refuseUnknown } from "../define/mod.ts";
import { callStep, type TransactionalStepContext, WorkflowContext } from "./context.ts";
import { ContextError } from "./errors.ts";
import { callFakeStep, type FakeContext, isFakeContext, type StepContext } from "./fake_context.ts";
import { checkKey, checkStepName, keyed, nameOfFunction } from "./names.ts";
import { checkStepOptions, type StepOptions } from "./step_options.ts";
import type { Stored } from "./stored.ts";

/** A step: called in a workflow, its function runs once, and its result is kept. */
export interface Step<Args extends unknown[] = unknown[], Output = unknown> {
  /** Runs the step, or gives its stored result. */
  (ctx: StepContext, ...args: Args): Promise<Stored<Output>>;
  /** The name its result is kept under. */
  readonly name: string;
  /** The function itself, for unit tests: nothing is stored, and it runs each time. */
  readonly function: (ctx: FakeContext, ...args: Args) => Output | Promise<Output>;
  /**
   * The same step under a key of its own: for calls in a loop, or in parallel.
   *
   * @param options the key: the same for the same piece of work in every run, so no counter of attempts and no random number
   */
  with(options: { key: string | number }): Step<Args, Output>;
}

/**
 * Declares a step.
 *
 * @param name the name its result is kept under; unique in a workflow. A function that has a name can be given alone
 * @param fn what it does; gets the workflow's context first
 * @returns a function to be called with the workflow's context
 * @throws {InvalidOptionError} a name or an option that a step cannot have
 *
 * @example A step, and a loop over it
 * ```ts
 * import { step, workflow } from "@rhythm/core/steps";
 *
 * const double = step("double", (_ctx, n: number) => n * 2);
 *
 * export const sum = workflow("sum", async (ctx, numbers: number[]) => {
 *   let total = 0;
 *   for (const [index, n] of numbers.entries()) total += await double.with({ key: index })(ctx, n);
 *   return total;
 * });
 * ```
 */
export function step<Args extends unknown[], Output>(
  name: string,
  fn: (ctx: WorkflowContext, ...args: Args) => Output,
): Step<Args, Awaited<Output>>;
/** Declares a step whose writes commit with its result. */
export function step<Args extends unknown[], Output>(
  name: string,
  options: StepOptions & { transactional: true },
  fn: (ctx: TransactionalStepContext, ...args: Args) => Output,
): Step<Args, Awaited<Output>>;
/** Declares a step with options. */
export function step<Args extends unknown[], Output>(
  name: string,
  options: StepOptions & { transactional?: false },
  fn: (ctx: WorkflowContext, ...args: Args) => Output,
): Step<Args, Awaited<Output>>;
/** Declares a step under the name of its function. */
export function step<Args extends unknown[], Output>(
  fn: (ctx: WorkflowContext, ...args: Args) => Output,
): Step<Args, Awaited<Output>>;
export function step<Args extends unknown[], Output>(
  first: string | ((ctx: never, ...args: Args) => Output),
  second?: StepOptions | ((ctx: never, ...args: Args) => Output),
  third?: (ctx: never, ...args: Args) => Output,
): Step<Args, Awaited<Output>> {
  if (typeof first === "function") {
    const name = nameOfFunction(first, { rest: [second, third], what: "step" });
    checkStepName(name, "step()");
    return make(name, {}, first);
  }
  const name = first;
  checkStepName(name, "step()");
  const options = typeof second === "function" ? {} : second as StepOptions;
  const fn = typeof second === "function" ? second : third;
  const where = callOf("step", name);
  checkStepOptions(options, where);
  checkArgument(fn, { argument: "fn", type: FUNCTION, where });
  return make(name, options, fn!);
}

function make<Args extends unknown[], Output>(
  name: string,
  options: StepOptions,
  fn: (ctx: never, ...args: Args) => Output,
): Step<Args, Awaited<Output>> {
  // Not async: a wrong call throws at once, and does not look like a step that failed.
  const call = (ctx: StepContext, ...args: Args): Promise<unknown> => {
    if (!(ctx instanceof WorkflowContext)) {
      if (isFakeContext(ctx)) return callFakeStep(ctx, name, () => fn(ctx as never, ...args));
      return Promise.reject(
        new ContextError(
          `step "${name}": its first argument must be the workflow's context, not ${describe(ctx)}`,
          "CONTEXT_MISSING",
        ),
      );
    }
    return callStep(ctx, { name, options, run: (inner) => fn(inner as never, ...args) });
  };
  return Object.defineProperties(call, {
    name: { value: name },
    function: { value: fn },
    with: {
      value: (given: { key: string | number }) => {
        const where = `step "${name}".with()`;
        refuseUnknown(given, ["key"], where);
        checkKey(given.key, where);
        return make(keyed(name, given.key), options, fn);
      },
    },
  }) as unknown as Step<Args, Awaited<Output>>;
}
