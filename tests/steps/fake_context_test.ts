// deno-lint-ignore-file explicit-function-return-type -- what steps return is inferred, as users write them
/** Workflows and steps under unit test: plain objects in the place of contexts, and names that functions have. */
import assert from "node:assert/strict";
import { type FakeContext, step, type StepAnswer, workflow } from "../../src/steps/mod.ts";

const shout = step(function shout(_ctx, text: string) {
  if (text === "") throw new RangeError("nothing to shout");
  return { text: `${text}!`, at: new Date(0) };
});
const greet = workflow(async function greet(ctx, who: string) {
  const { text, at } = await shout.with({ key: who })(ctx, who);
  return `${ctx.id()} ${text} ${at}`;
});

/** A context that remembers what its steps did. */
function fake(answer?: StepAnswer): { ctx: FakeContext; told: unknown[] } {
  const told: unknown[] = [];
  const guard = {
    success: (value: unknown) => told.push(["success", value]),
    fail: (error: unknown) => told.push(["fail", (error as Error).message]),
  };
  const acquireStep = (name: string): StepAnswer => {
    told.push(["acquire", name]);
    return answer ?? { status: "execute", guard };
  };
  return { ctx: { id: () => "w1", acquireStep }, told };
}

Deno.test("a step and a workflow take the name of their function", () => {
  assert.deepEqual([shout.name, greet.name, greet.definition.name], ["shout", "greet", "greet"]);
  for (const [what, declare] of Object.entries({ step, workflow })) {
    const wanted = {
      name: "InvalidOptionError",
      message: new RegExp(`^${what}\\(\\): "name" must come first`),
    };
    const declared = declare as (...args: unknown[]) => unknown;
    assert.throws(() => declared((() => () => 1)()), wanted);
    assert.throws(() => declared(function named() {}, { retry: 3 }), wanted);
  }
});

Deno.test("workflow.function runs the code with a plain object, whose acquireStep() its steps ask", async () => {
  const { ctx, told } = fake();
  assert.equal(await greet.function(ctx, "Ada"), "w1 Ada! 1970-01-01T00:00:00.000Z");
  const stored = { text: "Ada!", at: "1970-01-01T00:00:00.000Z" };
  assert.deepEqual(told, [["acquire", "shout#Ada"], ["success", stored]]);
});

Deno.test("a fake context can give a stored result, and hears of errors", async () => {
  const skipped = fake({ status: "skipped", value: { text: "stored", at: "then" } });
  assert.equal(await greet.function(skipped.ctx, "Ada"), "w1 stored then");
  const failing = fake();
  await assert.rejects(shout({ acquireStep: failing.ctx.acquireStep! }, ""), RangeError);
  assert.deepEqual(failing.told, [["acquire", "shout"], ["fail", "nothing to shout"]]);
});

Deno.test("what a fake context cannot answer, and what is no context, is refused", async () => {
  await assert.rejects(shout(fake({} as StepAnswer).ctx as never, "Ada"), { code: "CONTEXT_FAKE" });
  await assert.rejects(shout({} as never, "Ada"), { code: "CONTEXT_MISSING" });
  await assert.rejects(greet(fake().ctx as never, "Ada"), { code: "CONTEXT_MISSING", message: /"function"/ });
});
