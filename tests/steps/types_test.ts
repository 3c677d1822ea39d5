/** What the compiler knows: types flow from a step's function to who calls it, and wrong use does not compile. `deno task check` checks it. */
import assert from "node:assert/strict";
import { task } from "../../mod.ts";
import { type Step, step, type Workflow, workflow, type WorkflowContext } from "../../src/steps/mod.ts";

/** Fails to compile unless both types are the same. */
function same<A, B>(
  _proof: (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false,
): void {}

const length = step("length", (_ctx, text: string, factor: number) => text.length * factor);
const stamp = step("stamp", async () => await Promise.resolve({ at: new Date(0), tags: ["a"] }));
const nothing = step("nothing", () => {});
const double = task({ name: "double" }, ({ n }: { n: number }) => n * 2);
const inner = workflow("inner", (_ctx, who: { name: string }) => who.name.length);

const right = workflow("right", async (ctx, words: string[]) => {
  const n = await length(ctx, words[0]!, 2);
  same<typeof n, number>(true);
  const stored = await stamp(ctx);
  same<typeof stored, { at: string; tags: string[] }>(true);
  const none = await nothing(ctx);
  same<typeof none, void>(true);
  same<ReturnType<typeof length.function>, number | Promise<number>>(true);
  const keyed = await length.with({ key: 1 })(ctx, "a", 1);
  same<typeof keyed, number>(true);
  const inline = await ctx.step("inline", () => ({ ok: true }));
  same<typeof inline, { ok: boolean }>(true);
  const twice = await ctx.run(double, { n: 1 });
  same<typeof twice, number>(true);
  const size = await ctx.run(inner, { name: "Ada" });
  same<typeof size, number>(true);
  const signal = await ctx.nextSignal<{ ok: boolean }>("go");
  same<typeof signal, { ok: boolean }>(true);
  const rows = await ctx.step(
    "rows",
    { transactional: true },
    async (tx) => await tx.sql<{ id: number }>`select 1 as id`,
  );
  same<(typeof rows)[number], { id: number }>(true);
  return { n };
});

// None of this runs: each line is an error of the compiler, or `deno check` fails.
export function wrong(ctx: WorkflowContext): void {
  // @ts-expect-error: a step wants the context first
  length("text", 1);
  // @ts-expect-error: the second argument is missing
  length(ctx, "text");
  // @ts-expect-error: the factor is a number
  length(ctx, "text", "2");
  // @ts-expect-error: a key is a text or a number
  length.with({ key: true });
  // @ts-expect-error: options come behind the name
  step((_ctx: WorkflowContext) => 1, { retry: 3 });
  // @ts-expect-error: a fake context answers with a status
  length({ acquireStep: () => "run" }, "a", 1);
  // @ts-expect-error: the input is a list of texts
  right.function({}, "one");
  // @ts-expect-error: a tag has no members
  ctx.tag({ order: { id: 1 } });
  // @ts-expect-error: there is no such option
  step("a", { retries: 3 }, () => 1);
  // @ts-expect-error: a policy has no such backoff
  step("a", { retry: { backoff: "never" } }, () => 1);
  // @ts-expect-error: the input is a list of texts
  right(ctx, "one");
  // @ts-expect-error: the task wants a number
  ctx.run(double, { n: "1" });
  // @ts-expect-error: the workflow wants a name
  ctx.run(inner, {});
  // @ts-expect-error: a result is waited for before it is used
  length(ctx, "a", 1).toFixed();
  // @ts-expect-error: a Date is a text once it was stored
  stamp(ctx).then(({ at }) => at.getTime());
  // @ts-expect-error: a workflow is called with a context
  right(["one"]);
}

Deno.test("types flow through steps, workflows, children and signals", () => {
  same<typeof length, Step<[text: string, factor: number], number>>(true);
  same<typeof right, Workflow<string[], { n: number }>>(true);
  assert.deepEqual([length.name, right.name], ["length", "right"]);
});
