import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import postgres from "postgres";
import { task } from "../../../src/define/mod.ts";
import { freshDatabase, onEmbedded } from "../../support/database.ts";
import { connect } from "../../../src/db/connect.ts";
import { type Bench, bench, patient, workerOn } from "../support/bench.ts";
import { startLine } from "../support/line.ts";
import { until } from "../../support/until.ts";

Deno.test("Worker that was given up drops everything and begins anew", async () => {
  await using it = await bench([patient], { leaseMs: 1_000 });
  const id = await it.add("patient");
  await until(() => it.worker.inFlight === 1);
  const { former, rival } = await it.giveUpTo();
  await until(() => it.worker.inFlight === 0);
  await until(async () => (await it.registered()).some((other) => ![former, rival].includes(other)));
  match(it.lines.join("\n"), /warn: this worker was silent for too long and counted as dead/);
  await it.worker.stop();
  const { status, worker } = await it.get(id);
  equal([status, worker], ["running", rival], "what it had in flight is the other's, and it settled nothing");
});

Deno.test("Worker registers anew when a claim says that it was given up, and stops what it had in flight", async () => {
  await using it = await bench([patient]);
  const id = await it.add("patient");
  await until(() => it.worker.inFlight === 1);
  await it.asleep();
  const former = await it.giveUp();
  // It learns it from a claim: with this lease the next sign of life is five seconds away.
  await until(async () => (await it.registered()).some((other) => other !== former));
  await until(async () => it.worker.inFlight === 1 && (await it.get(id)).worker !== former);
  same(it.worker.state, "running");
  same(it.lines.filter((line) => line.startsWith("warn: this worker was silent for too long")).length, 1);
  await it.worker.stop();
  equal(await it.fates(), ["patient pending"]);
});

Deno.test("Worker changes nothing of an execution that is another's by now", async () => {
  const gate = Promise.withResolvers<string>();
  await using it = await bench([task({ name: "late" }, async () => await gate.promise)]);
  const id = await it.add("late");
  await until(() => it.worker.inFlight === 1);
  const rival = await it.rival();
  await it.query("update rhythm.batch set worker = $1, call = 0 where $2::uuid = any (ids)", rival, id);
  gate.resolve("too late");
  await until(() => it.lines.some((line) => line.includes("an outcome changed nothing")));
  const { status, worker, output } = await it.get(id);
  equal([status, worker, output], ["running", rival, null]);
  same(it.worker.stats.refused, 1);
});

Deno.test({
  name: "Worker drops everything when the database is silent for a lease",
  ignore: onEmbedded,
  fn: async () => {
    await using it = await bench([patient], { leaseMs: 1_000, graceMs: 50 });
    const id = await it.add("patient");
    await until(() => it.worker.inFlight === 1);
    const stopped = async (): Promise<void> => {
      await until(() => it.worker.inFlight === 0);
      await it.worker.stop();
    };
    await withoutServer(it, stopped);
    // A busy machine may have been silent before the database was: then the worker could still hand it back.
    match(String((await it.get(id)).status), /^(running|pending)$/, "nothing of it was settled");
  },
});

Deno.test({
  name: "Worker drops everything when the database neither answers nor hangs up",
  ignore: onEmbedded,
  fn: async () => {
    await using place = await freshDatabase();
    await using line = startLine(place.url);
    const database = connect({ url: line.url, maxConnections: 2 });
    const about = { schema: place.schema, targets: ["patient"] };
    const worker = workerOn(database, about, { tasks: [patient], leaseMs: 1_000, graceMs: 50 });
    const running = worker.run();
    const [row] = await place.database.query<{ id: string }>("select rhythm.queue('patient') as id");
    await until(() => worker.inFlight === 1);
    line.freeze();
    await until(() => worker.inFlight === 0);
    line.thaw();
    await worker.stop();
    await running;
    await database.close();
    const [{ fate }] = await place.database.query<{ fate: string }>(
      "select concat_ws(' ', e.status, e.output) as fate from rhythm.executions as e where e.id = $1",
      [row!.id],
    ) as [{ fate: string }];
    same(["pending", "running"].includes(fate), true, fate);
  },
});

Deno.test({
  name: "Worker goes on after the database was away",
  ignore: onEmbedded,
  fn: async () => {
    await using it = await bench([task({ name: "t" }, () => 1)]);
    await it.asleep();
    const failed = (): string[] => it.lines.filter((line) => line.includes("exchange failed"));
    await withoutServer(it, () => until(() => failed().length >= 2));
    equal(failed().slice(0, 2).map((line) => line.split(":")[0]), ["warn", "error"]);
    await it.add("t");
    await it.ended(1);
  },
});

Deno.test({
  name: "Worker stores what a handler said while the database was away",
  ignore: onEmbedded,
  fn: async () => {
    const go = Promise.withResolvers<void>();
    const talk = task({ name: "talk" }, async (_: null, ctx) => {
      await go.promise;
      ctx.log.info("nobody heard this at first");
      ctx.progress("half");
    });
    await using it = await bench([talk]);
    const id = await it.add("talk");
    await until(() => it.worker.inFlight === 1);
    await withoutServer(it, async () => {
      go.resolve();
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    await it.ended(1);
    equal(await it.query("select message from rhythm.logs"), [{ message: "nobody heard this at first" }]);
    same((await it.get(id)).progress, "half");
  },
});

Deno.test("Worker waits while a function is missing, as during an upgrade, and goes on; nothing fails", async () => {
  const echo = task({ name: "echo" }, (input: number) => input);
  await using it = await bench([echo]);
  await it.asleep();
  const names = ["exchange", "beat"];
  const move = (from: string, to: string): Promise<void> =>
    it.place.database.script(
      names.map((name) => `alter function rhythm.${from}${name} rename to ${to}${name};`).join("\n"),
    );
  await move("", "former_");
  await it.add("echo", 7);
  await until(() => it.lines.some((line) => line.includes("exchange failed; it is tried again")));
  await move("former_", "");
  await it.ended(1);
  equal(await it.fates(), ["echo completed 7"]);
});

Deno.test("Worker ends when waiting cannot mend what is wrong: a right that is missing", async () => {
  await using it = await bench([]);
  await it.asleep();
  await it.query(`create or replace function rhythm.require_read_committed() returns void language plpgsql as
    $$ begin raise exception 'permission denied for function claim' using errcode = '42501'; end $$`);
  await rejects(it.running, /permission denied for function claim/);
  same(it.worker.state, "stopped");
});

Deno.test("Worker.stop() takes leave of a database that has just answered, and waits for no other", async () => {
  await using it = await bench([]);
  await it.worker.stop();
  await it.running;
  equal(await it.registered(), []);

  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connected = silent.accept();
  const database = connect({
    url: `postgres://nobody@127.0.0.1:${silent.addr.port}/none`,
    maxConnections: 1,
  });
  const worker = workerOn(database, { schema: "rhythm", targets: [] }, { tasks: [] });
  const running = worker.run();
  const connection = await connected;
  const before = performance.now();
  await worker.stop();
  await running;
  same(performance.now() - before < 5_000, true, "it would have tried for 30 s");
  connection.close();
  silent.close();
  await database.close();
});

/** The server throws everybody out of the database, and lets nobody in until the work is done. */
async function withoutServer({ place }: Bench, work: () => Promise<void>): Promise<void> {
  const elsewhere = new URL(place.url);
  elsewhere.pathname = "/postgres";
  const sql = postgres(elsewhere.href, { max: 1, onnotice: () => {} });
  let isDone = false;
  try {
    await sql.unsafe(`alter database "${place.name}" allow_connections false`);
    const working = work().finally(() => isDone = true);
    // Again and again: somebody may have been at the door.
    while (!isDone) {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${place.name}`;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await working;
  } finally {
    await sql.unsafe(`alter database "${place.name}" allow_connections true`);
    await sql.end();
  }
}
