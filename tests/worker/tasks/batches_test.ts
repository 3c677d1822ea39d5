// Handlers that get many executions in one call: each of them ends by itself.
import {
  deepStrictEqual as equal,
  match,
  ok,
  rejects,
  strictEqual as same,
  throws,
} from "node:assert/strict";
import { z } from "zod";
import {
  type AnyTask,
  type BatchContext,
  type JsonValue,
  NonRetryableError,
  type Rhythm,
  type Run,
  task,
} from "../../../mod.ts";
import { onEmbedded, testApp } from "../../app/support.ts";
import { until } from "../../support/until.ts";

async function queueAll(rhythm: Rhythm, made: AnyTask, inputs: readonly unknown[]): Promise<Run<unknown>[]> {
  return await rhythm.executions.createMany(
    inputs.map((one) => ({ type: "task", target: made.name, inputs: one as JsonValue })),
  );
}

const WAIT = { timeout: "1m" } as const;

async function ends(runs: readonly Run<unknown>[]): Promise<string[]> {
  return await Promise.all(
    runs.map((run) =>
      run.result(WAIT).then((output) => JSON.stringify(output), (error: Error) => `${error.message}`)
    ),
  );
}

Deno.test("batch: a handler gets many, each has its own end, and one bad one does not sink the others", async () => {
  const sizes: number[] = [];
  const half = task(
    { name: "half", batch: { size: 10, wait: "200ms" }, input: z.object({ n: z.number() }) },
    (many: { n: number }[]) => {
      sizes.push(many.length);
      return many.map(({ n }) => {
        if (n === 3) return new Error("three is bad");
        if (n === 4) return new NonRetryableError("four is worse", { code: "FOUR" });
        return n === 5 ? new Map() : n / 2;
      });
    },
  );
  await using app = await testApp({ tasks: [half] });
  const runs = await queueAll(app.rhythm, half, [1, 2, 3, 4, 5, 6].map((n) => ({ n })));
  const odd = await app.rhythm.tasks.queue("half", { n: "none" } as never).catch(() => undefined);
  same(odd, undefined, "the schema is checked at the start");
  app.work();
  const seen = await ends(runs);
  equal([...seen.slice(0, 2), seen[5]], ["0.5", "1", "3"]);
  match(seen[2]!, /three is bad/);
  match(seen[3]!, /four is worse/);
  match(seen[4]!, /output of task "half".*Map/);
  equal(sizes, [6]);
  const { error } = (await runs[3]!.get())!;
  same(error?.code, "FOUR");
});

Deno.test("batch: a full one begins at once; retries and attempts count for each", async () => {
  const calls: string[] = [];
  const seen = new Map<number, number>();
  const shaky = task(
    { name: "shaky", batch: { size: 3, wait: "100ms" }, retry: { maxAttempts: 3, initial: "1ms" } },
    (many: number[], ctx) => {
      calls.push(`${many.length} of ${ctx.taskName}`);
      return many.map((n, nth) => {
        seen.set(n, ctx.items[nth]!.attempt);
        return ctx.items[nth]!.attempt <= n ? new Error("again") : `after ${ctx.items[nth]!.attempt}`;
      });
    },
  );
  await using app = await testApp({ tasks: [shaky] });
  const runs = await queueAll(app.rhythm, shaky, [0, 1, 2, 0, 0, 0]);
  app.work();
  equal((await ends(runs)).slice(0, 3), ['"after 1"', '"after 2"', '"after 3"']);
  equal(calls.slice(0, 2), ["3 of shaky", "3 of shaky"]);
});

Deno.test("batch: what throws, or returns something else, fails the whole call", async () => {
  const throwing = task({ name: "throwing", batch: { size: 5, wait: "50ms" } }, (_: number[]) => {
    throw new Error("nothing works");
  });
  const short = task({ name: "short", batch: { size: 5, wait: "50ms" } }, (_: number[]) => [1]);
  await using app = await testApp({ tasks: [throwing, short] });
  const runs = await queueAll(app.rhythm, throwing, [1, 2]);
  const others = await queueAll(app.rhythm, short, [1, 2]);
  app.work();
  for (const text of await ends(runs)) match(text, /nothing works/);
  for (const text of await ends(others)) match(text, /a result for each of its 2 inputs, not an array of 1/);
});

Deno.test("batch: a timeout and a cancellation end one of them, and the others go on", async () => {
  const { promise: going, resolve: go } = Promise.withResolvers<void>();
  const context = Promise.withResolvers<BatchContext>();
  const slow = task({ name: "slow", batch: { size: 3, wait: "1s" } }, async (many: number[], ctx) => {
    context.resolve(ctx);
    await going;
    return many;
  });
  await using app = await testApp({ tasks: [slow] });
  const [one, two, three] = await Promise.all([
    slow.queue(1),
    slow.queue(2, { timeout: "300ms" }),
    slow.queue(3),
  ]);
  app.work();
  const { items, signal } = await context.promise;
  const of = (run: Run<unknown>) => items.find(({ executionId }) => executionId === run.id)!;
  await one.cancel("enough");
  const states = await Promise.all([one, two].map((run) => app.rhythm.executions.wait(run, WAIT)));
  equal(states.map(({ status }) => status), ["cancelled", "failed"]);
  match(states[1]!.error!.message, /took longer than its timeout of 0.3 s/);
  equal([of(one).signal.aborted, of(two).signal.aborted, of(three).signal.aborted], [true, true, false]);
  same(signal.aborted, false);
  throws(() => (of(three) as unknown as { checkpoint(): void }).checkpoint(), /has no checkpoints/);
  go();
  same(await three.result(WAIT), 3);
});

Deno.test("batch: the signal of the call fires when all of them are stopped", async () => {
  const context = Promise.withResolvers<BatchContext>();
  const stuck = task(
    { name: "stuck", batch: { size: 2, wait: "1s" }, timeout: "200ms" },
    (_: number[], ctx) => {
      context.resolve(ctx);
      return new Promise<number[]>((_, reject) =>
        ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason))
      );
    },
  );
  await using app = await testApp({ tasks: [stuck] });
  const runs = await queueAll(app.rhythm, stuck, [1, 2]);
  app.work();
  for (const text of await ends(runs)) match(text, /took longer than its timeout/);
  same((await context.promise).signal.aborted, true);
});

Deno.test({
  name: "batch: a worker that stops hands back at once what it gathered; cancelled while it is gathered",
  ignore: onEmbedded,
  fn: async () => {
    const calls: number[][] = [];
    const lazy = task({ name: "lazy", batch: { size: 100, wait: "30s" } }, (many: number[]) => {
      calls.push(many);
      return many;
    });
    await using app = await testApp({ tasks: [lazy] });
    const runs = await queueAll(app.rhythm, lazy, [1, 2, 3]);
    const worker = app.work({ lease: "10m" });
    await until(async () => (await runs[2]!.get())!.status === "running", "it is gathered");
    await runs[2]!.cancel();
    same((await app.rhythm.executions.wait(runs[2]!, WAIT)).status, "cancelled");
    const began = performance.now();
    await worker.stop();
    ok(performance.now() - began < 5_000);
    equal(calls, []);
    const states = await Promise.all(runs.slice(0, 2).map((run) => run.get()));
    equal(states.map((one) => [one!.status, one!.attempt]), [["pending", 0], ["pending", 0]]);
    // Never longer than a quarter of the lease.
    app.work({ lease: "2s" });
    equal(await ends(runs.slice(0, 2)), ["1", "2"]);
    equal(calls, [[1, 2]]);
    equal(await app.database.database.query("select * from rhythm.check()"), []);
  },
});

Deno.test("batch: in a queue with limits, under a flow, and called directly", async () => {
  let most = 0;
  const two = task({ name: "two", queue: "narrow", batch: { size: 10, wait: "50ms" } }, (many: number[]) => {
    most = Math.max(most, many.length);
    return many.map((n) => n < 0 ? new RangeError(`below zero: ${n}`) : 2 * n);
  });
  const flow = {
    name: "f",
    source: `return await Promise.all([1, 2, 3].map((n) => Task.run("two", n, { queue: "narrow" })))`,
  };
  await using app = await testApp({ tasks: [two], flows: [flow] });
  await app.rhythm.queues.configure("narrow", { concurrency: 2 });
  app.work({ queues: ["default", "narrow"] });
  equal(await app.rhythm.workflows.run("f", {}, WAIT as never), [2, 4, 6]);
  ok(most <= 2);
  same(await two(4), 8);
  await rejects(two(-1), /below zero: -1/);
});

Deno.test("batch: wrong options are refused where the task is declared", () => {
  const bad = (batch: unknown, more = {}) => () =>
    task({ name: "t", batch, ...more } as never, ((many: unknown[]) => many) as never);
  throws(bad({}), /"batch.size" must be a whole number from 1 to 1000, not undefined/);
  throws(bad({ size: 0 }), /"batch.size" must be a whole number from 1 to 1000/);
  throws(bad({ size: 5, wait: "2m" }), /"batch.wait" must be a duration of at most a minute/);
  throws(bad({ size: 5, weight: 1 }), /"weight"/);
  throws(bad(5), /"batch" must be/);
  throws(bad({ size: 5 }, { transactional: true }), /give "batch" or "transactional", not both/);
  throws(bad({ size: 5 }, { isolate: true }), /give "batch" or "isolate", not both/);
});
