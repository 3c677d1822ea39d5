import { deepStrictEqual as equal, match, ok, rejects, strictEqual as same } from "node:assert/strict";
import { NonRetryableError, task } from "../../mod.ts";
import { rhythmHere } from "../cli/support.ts";
import { onEmbedded, testApp } from "./support.ts";

Deno.test("rates() tells what workers ended, by target and queue, and how long it took", async () => {
  let tries = 0;
  const add = task({ name: "add", queue: "sums" }, ({ a, b }: { a: number; b: number }) => a + b);
  const flaky = task({ name: "flaky", retry: { maxAttempts: 2, initial: "1ms" } }, () => {
    if (++tries === 1) throw new Error("once");
    throw new NonRetryableError("for good");
  });
  const source = `const [first] = await Promise.all([1, 2].map(async (n) => {
  return await Task.run("add", { a: n, b: 2 })
}))
await Timer.delay(0.01)
if (Inputs.fails) throw new Error("as told")
return first`;
  await using app = await testApp({ tasks: [add, flaky], flows: [{ name: "sum", source }] });
  const { rhythm, database } = app;
  const worker = app.work();
  const runs = [
    await rhythm.tasks.queue(add, { a: 1, b: 1 }),
    await rhythm.tasks.queue(add, { a: 1, b: 2 }),
    await rhythm.tasks.queue(flaky, null),
    await rhythm.workflows.start("sum", {}),
    await rhythm.workflows.start("sum", { fails: true }),
  ];
  await Promise.all(runs.map((run) => run.result({ timeout: "1m" }).catch(() => {})));
  // What was not sent with a heartbeat goes with the last one.
  await worker.stop();
  await database.database.query(
    "update rhythm.setting set value = (rhythm.now() - interval '2 s')::text where name = 'chored_at'",
  );
  await database.database.query("select rhythm.chores()");

  // The ends may lie on both sides of a full minute.
  const rates = await rhythm.rates({ total: true });
  equal(
    rates.map(({ type, target, queue, completed, failed, cancelled, retried }) =>
      [type, target, queue, completed, failed, cancelled, retried].join(" ")
    ),
    ["task add sums 6 0 0 0", "task flaky default 0 1 0 1", "workflow sum default 1 1 0 0"],
  );
  for (const { p50Ms, p95Ms, p99Ms, meanMs } of rates) {
    ok(p50Ms! <= p95Ms! && p95Ms! <= p99Ms! && meanMs! >= 0);
  }
  const hours = await rhythm.rates({ span: "hour", target: "add" });
  same(hours.reduce((sum, { completed }) => sum + completed, 0), 6);
  ok(hours.every(({ at }) => at.getTime() % 3_600_000 === 0));
  equal(await rhythm.rates({ until: new Date(0) }), []);
  equal(await rhythm.rates({ queue: "none" }), []);

  // The branches in line 2 are four, the two bodies wait for them in line 1.
  const heat = await rhythm.flows.heat("sum");
  equal(heat.source, source);
  equal(heat.lines.map(({ line, came, failed }) => [line, came, failed]), [[1, 2, 0], [2, 4, 0], [4, 2, 0], [
    5,
    0,
    1,
  ]]);
  ok(heat.lines[2]!.p95Ms! >= 10 && heat.lines[2]!.p50Ms! <= heat.lines[2]!.p95Ms!);
  same(heat.lines[3]!.p50Ms, null);
  const old = await rhythm.flows.heat("sum", { since: new Date(Date.now() - 5 * 86_400_000) });
  equal(old.lines.map(({ came }) => came), [2, 4, 2, 0]);
  equal((await rhythm.flows.heat("sum", { until: new Date(0) })).lines, []);
  await rejects(rhythm.flows.heat("sum", { version: 9 }), /no version 9 of flow "sum"/);

  const answer = await rhythm.fetch(
    new Request("http://localhost/api/rates?total=true&target=flaky", {
      headers: { authorization: `Bearer ${rhythm.token}` },
    }),
  );
  same((await answer.json()).rates[0].retried, 1);
  if (!onEmbedded) {
    const { out } = await rhythmHere(["rates", "-d", database.url]);
    match(
      out,
      /^type +target +queue +completed +failed +cancelled +retried +p50 +p95\ntask +add +sums +6 +0 /,
    );
    const shown = (await rhythmHere(["flow", "heat", "sum", "-d", database.url])).out.split("\n");
    match(shown[0]!, /^came +p50 +p95 +failed +retried +sum version 1$/);
    match(shown[2]!, /^ +4 .* 2 │ +return await Task\.run/);
    match(shown[5]!, /^ +1 +5 │ if \(Inputs/);
    match((await rhythmHere(["rates", "--by", "hour", "-d", database.url])).out, /^hour +type /);
    equal(await rhythmHere(["rates", "-t", "nobody", "-d", database.url]), {
      code: 0,
      out: "",
      err: "no worker has ended anything in that time\n",
    });
  }
});
