// Everything that takes more than one lock, at once, from twenty sessions: the server never has to break a deadlock.
// Sessions skip time, so that workers die, attempts and workflows run late, and what is over is purged meanwhile.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { type Dice, dice, outcomeOf } from "./support/storm.ts";
import {
  claim,
  exchange,
  openArena,
  pidOf,
  registerWorker,
  settle,
  settleMany,
  untilBlocked,
  violations,
} from "./support/sessions.ts";

/** Refusals are answers: over, unknown, given up; a key or a row that another session was faster with, or holds. */
const answer = /^(RH00[1-48]|55P03)$/;

/** How many deadlocks the server broke in this database. */
async function deadlocks(watcher: postgres.Sql): Promise<number> {
  // What a session counted is reported when it is idle, a second later at most.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const [row] =
    await watcher`select deadlocks::integer as count from pg_stat_database where datname = current_database()`;
  return row?.count;
}

async function settleSome(session: postgres.Sql, worker: string, roll: Dice): Promise<void> {
  const rows = await claim(session, worker, 1 + roll(20));
  const lines = rows.toReversed().map(({ id }) => ({ id, level: "info", message: "here" }));
  await session.unsafe("select rhythm.report($1::uuid, $2::text::jsonb, $3::text::jsonb)", [
    worker,
    JSON.stringify(lines),
    JSON.stringify(Object.fromEntries(rows.map(({ id }) => [id, 1]))),
  ]);
  const outcomes = rows.map((row) => outcomeOf(row, roll)).toReversed();
  await settleMany(session, worker, outcomes, { lease: roll(5) });
}

/** As a worker that has some workflows in memory: each goes on with a timer of it, to another timer or to its end. */
async function ringSome(session: postgres.Sql, worker: string, roll: Dice): Promise<void> {
  const rows = await session`select t.id, s.execution_id as flow, s.seq
    from rhythm.timer as t join rhythm.workflow_state as s on s.execution_id = t.execution_id
    where not t.deadline and not t.fired offset ${roll(50)} limit ${1 + roll(20)}`;
  const ends = rows.map(({ id, flow, seq }) => {
    const end = { id, timer: true, flow, seq };
    if (roll(3) === 0) return { ...end, next: "completed", result: 1 };
    const next = crypto.randomUUID();
    const timers = [{ id: next, at: new Date().toISOString(), kept: roll(2) === 0 }];
    return {
      ...end,
      next: "suspended",
      snapshot: {},
      mode: "any",
      ids: [next],
      timers,
      released: [rows[0]!.id],
    };
  });
  // One workflow may have two timers, and goes on with one of them.
  const single = ends.filter(({ flow }, nth) => ends.findIndex((end) => end.flow === flow) === nth);
  await exchange(session, worker, [{ kind: "steps", ends: single.toReversed() }]);
}

async function act(session: postgres.Sql, worker: string, roll: Dice): Promise<void> {
  const some = session`array(select id from rhythm.execution offset ${roll(300)} limit 5)`;
  const any = session`(select id from rhythm.execution offset ${roll(300)} limit 1)`;
  const timers = async (): Promise<string[]> =>
    (await session`select id from rhythm.timer offset ${roll(50)} limit 10`).map(({ id }) => id);
  const acts: (() => Promise<unknown>)[] = [
    () =>
      session`select rhythm.start('f', timeout => ${`${1 + roll(3)}s`}, idempotency_key => ${`k${
        roll(40)
      }`})`,
    () =>
      session`select rhythm.create_many(jsonb_build_array(
        jsonb_build_object('type', 'task', 'target', 'a', 'timeout', 0.5, 'idempotency_key', ${`a${
        roll(9)
      }`}::text),
        jsonb_build_object('type', 'task', 'target', 'a', 'timeout', 0.5, 'idempotency_key', ${`a${
        roll(9)
      }`}::text)))`,
    () => session`select rhythm.cancel(${any}, 'storm')`,
    () => session`select rhythm.retry(${any})`,
    () => session`select rhythm.signal(${any}, 's', '1')`,
    () => session`select rhythm.watch(${some})`,
    () => session`select rhythm.beat(${worker})`,
    () => session`select rhythm.tick(50)`,
    () => session`select rhythm.tick(50)`,
    () => session`select rhythm.purge('2 seconds', 20)`,
    () => session`select rhythm.configure_queue('default', concurrency => ${roll(2) === 0 ? null : 200})`,
    () => roll(10) === 0 ? session`select rhythm.stop_worker(${worker})` : Promise.resolve(),
    () => session`select rhythm.trigger_schedule('s')`,
    () => settleSome(session, worker, roll),
    () => settleSome(session, worker, roll),
    () => settleSome(session, worker, roll),
    () => ringSome(session, worker, roll),
    async () => await exchange(session, worker, [{ kind: "fire", timers: await timers() }], { lease: 5 }),
    async () => await exchange(session, worker, [{ kind: "leave", timers: await timers() }]),
    () =>
      session`select rhythm.cancel_many(array(select id from rhythm.execution offset ${roll(300)} limit 5))`,
    () => session`select rhythm.due(50), rhythm.chores(50)`,
  ];
  const code = await refused(acts[roll(acts.length)]!);
  // A worker that was given up begins anew; it may have to wait for whoever is at its row.
  while (code === "RH008" && await refused(() => register(session, worker)) !== undefined);
}

/** The code with which an act was refused, if it is one that answers; else the error, with all that Postgres says of it. */
async function refused(what: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await what();
    return undefined;
  } catch (error) {
    const { code, message, detail, where } = error as postgres.PostgresError;
    if (answer.test(code ?? "")) return code;
    throw new Error(`${code}: ${message}\n${detail}\n${where}`, { cause: error });
  }
}

async function register(session: postgres.Sql, worker: string): Promise<void> {
  await session`select rhythm.register_worker(${worker}, p_lease => '2s')`;
}

Deno.test({
  name: "locks: a storm of every function from twenty sessions meets no deadlock",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(20);
    const { watcher } = arena;
    await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
    await watcher`select rhythm.define_sql_task('t', 'pg_catalog.jsonb_typeof(jsonb)')`;
    await watcher`select rhythm.schedule('s', '* * * * * *', 'f', overlap => 'cancel')`;
    const end = performance.now() + 8_000;
    await Promise.all(arena.sessions.map(async (session, nth) => {
      const roll = dice(nth + 1);
      const worker = await registerWorker(session);
      await register(session, worker);
      while (performance.now() < end) await act(session, worker, roll);
    }));
    assert.equal(await deadlocks(watcher), 0);
    assert.deepEqual(await violations(watcher), []);
  },
});

Deno.test({
  name:
    "locks: cancel() of a tree whose children have lower ids than their workflow waits for a settle of one, and both go on",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(2);
    const { watcher } = arena;
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    const worker = await registerWorker(watcher);
    await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
    const low = "00000000-0000-7000-8000-000000000001";
    const [row] = await watcher`select rhythm.start('f') as id`;
    const pid = await pidOf(two);
    await claim(watcher, worker, 1);
    // A child of a lower id than its parent, made in the moment in which the parent is cancelled.
    let cancelled: Promise<unknown> = Promise.resolve();
    await one.begin(async (tx) => {
      await settle(tx as unknown as postgres.Sql, worker, {
        id: row?.id,
        status: "suspended",
        snapshot: {},
        effects: [{ type: "run_workflow", id: low, target: "f", inputs: {} }],
        waits: [{ mode: "any", ids: [low] }],
      });
      cancelled = (async () => await two`select rhythm.cancel(${row?.id})`)();
      cancelled.catch(() => {});
      await untilBlocked(watcher, pid);
    });
    await cancelled;
    const rows = await watcher`select status from rhythm.executions order by id`;
    assert.deepEqual(rows.map((execution) => execution.status), ["cancelled", "cancelled"]);
    assert.deepEqual(await violations(watcher), []);
  },
});
