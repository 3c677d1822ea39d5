/** A workflow whose code changed while it was under way: it goes on, and a warning names both steps. */
import assert from "node:assert/strict";
import { step, TransientStepError, workflow, type WorkflowContext } from "../../src/steps/mod.ts";
import { onServer, stepsTest } from "./support.ts";

const run = (name: string) => step(name, () => name);
const [a, b, c, z] = ["a", "b", "c", "z"].map(run) as [
  ReturnType<typeof run>,
  ReturnType<typeof run>,
  ReturnType<typeof run>,
  ReturnType<typeof run>,
];

type Code = (ctx: WorkflowContext) => Promise<unknown>;
const crash = (): never => {
  throw new TransientStepError("the process ended here");
};

const changes: { what: string; before: Code; after: Code; warns: RegExp | undefined }[] = [
  {
    what: "nothing changed",
    before: async (ctx) => [await a(ctx), await b(ctx), crash()],
    after: async (ctx) => [await a(ctx), await b(ctx), await c(ctx)],
    warns: undefined,
  },
  {
    what: "nothing changed, steps in parallel",
    before: async (ctx) => [await Promise.all([b(ctx), a(ctx).then(() => c(ctx))]), crash()],
    after: async (ctx) => [await Promise.all([b(ctx), a(ctx).then(() => c(ctx))]), await z(ctx)],
    warns: undefined,
  },
  {
    what: "a step was renamed",
    before: async (ctx) => [await a(ctx), await b(ctx), crash()],
    after: async (ctx) => [await a(ctx), await z(ctx), await c(ctx)],
    warns: /came to step "z" where it came to step "b" before/,
  },
  {
    what: "two steps changed places",
    before: async (ctx) => [await a(ctx), await b(ctx), crash()],
    after: async (ctx) => [await b(ctx), await a(ctx), await c(ctx)],
    warns: /came to step "b" where it came to step "a" before/,
  },
  {
    what: "a step was put in between",
    before: async (ctx) => [await a(ctx), await b(ctx), crash()],
    after: async (ctx) => [await a(ctx), await z(ctx), await b(ctx)],
    warns: /came to step "z" where it came to step "b" before/,
  },
  {
    what: "the last step is gone",
    before: async (ctx) => [await a(ctx), await b(ctx), crash()],
    after: async (ctx) => [await a(ctx)],
    warns: /came to its end where it came to step "b" before/,
  },
];

onServer(
  "a replay that calls other steps than the run before warns with both names, once, and goes on",
  async (t) => {
    await using test = await stepsTest();
    for (const { what, before, after, warns } of changes) {
      await t.step(what, async () => {
        test.warnings.length = 0;
        const ctx = await test.admin.createWorkflow("changing");
        await assert.rejects(workflow("changing", before)(ctx), TransientStepError);
        const stored = await test.steps(ctx.id());
        await workflow("changing", after)(ctx);
        if (warns === undefined) return assert.deepEqual(test.warnings, []);
        assert.equal(test.warnings.length, 1, test.warnings.join("\n"));
        assert.match(test.warnings[0]!, warns);
        assert.match(test.warnings[0]!, new RegExp(ctx.id()));
        const left = (await test.steps(ctx.id())).filter((line) => stored.includes(line));
        assert.deepEqual(left, stored, "what was stored stays");
      });
    }
  },
);
