import { toJson } from "../shared/json.ts";
import { ContextError } from "./errors.ts";
import type { WorkflowContext } from "./context.ts";

/** What a context says of a step that is called: `skipped`, with its stored result, or `execute`. */
export type StepAnswer =
  | { readonly status: "skipped"; readonly value: unknown }
  | { readonly status: "execute"; readonly guard: StepEnd };

/** Is told how a step ended. */
export interface StepEnd {
  /** The step is done, with this result. */
  success(value: unknown): unknown;
  /** The step threw this. */
  fail(error: unknown): unknown;
}

/** What a step needs of its context: a `WorkflowContext` has it, and so can a plain object in a unit test. */
export interface StepContext {
  /**
   * Is asked by every step before it runs.
   *
   * @param name the step
   * @returns whether it must run
   */
  acquireStep(name: string): StepAnswer | Promise<StepAnswer>;
}

/**
 * A context for unit tests: a plain object with what the code under test uses of a `WorkflowContext`.
 *
 * @example A workflow without a database
 * ```ts
 * import { type FakeContext, step, workflow } from "@rhythm/core/steps";
 *
 * const shout = step("shout", (_ctx, text: string) => `${text}!`);
 * const greet = workflow("greet", async (ctx, who: string) => await shout(ctx, `Hello, ${who}`));
 *
 * const results: unknown[] = [];
 * const ctx: FakeContext = {
 *   acquireStep: () => ({ status: "execute", guard: { success: (value) => results.push(value), fail: () => {} } }),
 * };
 * console.log(await greet.function(ctx, "Ada"), results);
 * ```
 */
export interface FakeContext extends Partial<StepContext>, Partial<Omit<WorkflowContext, "acquireStep">> {}

/** Whether a value is no `WorkflowContext` and yet has what a step needs. */
export function isFakeContext(value: unknown): value is StepContext {
  return typeof value === "object" && value !== null && "acquireStep" in value &&
    typeof value.acquireStep === "function";
}

/**
 * Calls a step in a unit test. The context answers in the place of the database.
 *
 * @param ctx the fake context
 * @param name the step, with its key
 * @param run calls its function
 * @returns its result, as it would be stored
 */
export async function callFakeStep(ctx: StepContext, name: string, run: () => unknown): Promise<unknown> {
  const answer = await ctx.acquireStep(name);
  if (answer?.status === "skipped") return answer.value;
  if (answer?.status !== "execute" || answer.guard === undefined) {
    throw new ContextError(
      `step "${name}": acquireStep() of a fake context must give { status: "skipped", value } or { status: "execute", guard }`,
      "CONTEXT_FAKE",
    );
  }
  let value: unknown;
  try {
    value = await run();
    const text = toJson(value, { what: `the result of step "${name}"` });
    if (value !== undefined) value = JSON.parse(text);
  } catch (error) {
    await answer.guard.fail(error);
    throw error;
  }
  await answer.guard.success(value);
  return value;
}
