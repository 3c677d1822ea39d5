import {
  callOf,
  checkArgument,
  checkOptions,
  describe,
  FUNCTION,
  NAME,
  type WorkflowDefaults,
  type WorkflowDefinition,
  type WorkflowRef,
} from "../define/mod.ts";
import { coreOf, WorkflowContext } from "./context.ts";
import { ContextError } from "./errors.ts";
import type { FakeContext } from "./fake_context.ts";
import { nameOfFunction } from "./names.ts";
import type { Stored } from "./stored.ts";

/** A workflow in TypeScript. A call with a context runs it here. If it is started by its name, a worker runs it. */
export interface Workflow<Input = unknown, Output = unknown> extends WorkflowRef<Input, Stored<Output>> {
  /**
   * Runs the workflow in this process, from its top or behind the last step that is done. What was completed before
   * gives its result at once; what failed throws again.
   *
   * @param ctx the workflow's context, from `Admin.createWorkflow()`
   * @param input what it is run with; without it, what it was created with
   */
  (ctx: WorkflowContext, input?: Input): Promise<Stored<Output>>;
  /** The name it is started under. */
  readonly name: string;
  /** What was declared. */
  readonly definition: WorkflowDefinition;
  /** The code itself, for unit tests: nothing is stored. Steps ask the context that it is given. */
  readonly function: (ctx: FakeContext, input: Input) => Output | Promise<Output>;
}

/**
 * Declares a workflow in TypeScript.
 *
 * @param name the name its executions are started and listed under. A function that has a name can be given alone
 * @param code what it does; called again from the top after a crash or a wait, with finished steps answered from the store
 * @returns a function to be called with a context; given to `Rhythm.init({ workflows })`, workers run it
 * @throws {InvalidOptionError} a name or an option that a workflow cannot have
 *
 * @example Two steps, the second behind the first
 * ```ts
 * import { Admin, step, workflow } from "@rhythm/core/steps";
 *
 * const first = step("first", (_ctx, text: string) => `1 ${text}`);
 * const second = step("second", (_ctx, text: string) => `2 ${text}`);
 *
 * const pipeline = workflow("pipeline", async (ctx, text: string) => await second(ctx, await first(ctx, text)));
 *
 * async function main(): Promise<void> {
 *   await using admin = new Admin("postgres://localhost/mydb");
 *   await admin.install();
 *   const ctx = await admin.createWorkflow(pipeline, "hello");
 *   console.log(await pipeline(ctx, "hello"));
 * }
 * ```
 */
export function workflow<Input, Output>(
  name: string,
  code: (ctx: WorkflowContext, input: Input) => Output,
): Workflow<Input, Awaited<Output>>;
/** Declares a workflow in TypeScript with defaults for its executions. */
export function workflow<Input, Output>(
  name: string,
  options: WorkflowDefaults,
  code: (ctx: WorkflowContext, input: Input) => Output,
): Workflow<Input, Awaited<Output>>;
/** Declares a workflow in TypeScript under the name of its function. */
export function workflow<Input, Output>(
  code: (ctx: WorkflowContext, input: Input) => Output,
): Workflow<Input, Awaited<Output>>;
export function workflow<Input, Output>(
  first: string | ((ctx: WorkflowContext, input: Input) => Output),
  second?: WorkflowDefaults | ((ctx: WorkflowContext, input: Input) => Output),
  third?: (ctx: WorkflowContext, input: Input) => Output,
): Workflow<Input, Awaited<Output>> {
  if (typeof first === "function") {
    return workflow(nameOfFunction(first, { rest: [second, third], what: "workflow" }), {}, first);
  }
  const name = first;
  const options = typeof second === "function" ? {} : second as WorkflowDefaults;
  const code = typeof second === "function" ? second : third;
  checkArgument(name, { argument: "name", type: NAME, where: "workflow()" });
  const where = callOf("workflow", name);
  checkOptions(options, { in: "defaults", where });
  checkArgument(code, { argument: "code", type: FUNCTION, where });
  const call = async (ctx: WorkflowContext, input?: Input): Promise<unknown> => {
    const core = contextFor(name, ctx);
    const given = input === undefined ? core.input as Input : input;
    return await core.driver!.drive(
      core,
      (own, next) => code!(own, next === undefined ? given : next.input as Input),
    );
  };
  return Object.defineProperties(call, {
    name: { value: name },
    function: { value: code },
    definition: { value: { name, options, code: code! } satisfies WorkflowDefinition },
  }) as unknown as Workflow<Input, Awaited<Output>>;
}

function contextFor(name: string, ctx: WorkflowContext): ReturnType<typeof coreOf> {
  if (!(ctx instanceof WorkflowContext)) {
    throw new ContextError(
      `workflow "${name}": its first argument must be a context from Admin.createWorkflow(), not ${
        describe(ctx)
      }. In a unit test call its "function"`,
      "CONTEXT_MISSING",
    );
  }
  const core = coreOf(ctx);
  if (core.workflow !== name) {
    throw new ContextError(
      `This context is of workflow "${core.workflow}" (${core.id}): it cannot run "${name}". ` +
        `To run one workflow in another use ctx.run(${name}, input)`,
      "CONTEXT_OF_ANOTHER",
    );
  }
  if (core.driver === undefined) {
    throw new ContextError(
      `Workflow "${name}" (${core.id}) is run by a worker and cannot call itself; to begin another use ctx.run(${name}, input)`,
      "WORKFLOW_DRIVEN",
    );
  }
  return core;
}
