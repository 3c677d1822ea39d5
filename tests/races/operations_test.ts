// Operations beside sessions that hold what they change, and beside each other.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { multiply } from "../support/multiply.ts";
import { claim, openArena, registerWorker, settleMany, violations } from "./support/sessions.ts";

const race = (name: string, run: () => Promise<void>): void =>
  Deno.test({ name, ignore: onEmbedded, fn: run });

async function work(sql: postgres.Sql, id: string): Promise<void> {
  for (let more = true; more;) {
    const [row] = await sql`select rhythm.work_operation(${id}) as more`;
    more = row!.more;
  }
}

race("operate(): an execution that is locked is tried again, and is changed once", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = (await one`
    select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a", "concurrency_key": "k"}'::jsonb) from generate_series(1, 20))) as id`)
    .map(({ id }) => id);
  const [started] = await two`select rhythm.operate('cancel', '{"target": "a"}') as id`;
  await one.begin(async (tx) => {
    await tx`select from rhythm.execution where id = ${ids[3]} for update`;
    for (let looked = false; !looked;) {
      await two`select rhythm.work_operation(${started!.id})`;
      const [row] = await two`select is_looked from rhythm.operation where id = ${started!.id}`;
      looked = row!.is_looked;
    }
    const [row] = await two`select state, done, locked from rhythm.operations where id = ${started!.id}`;
    assert.deepEqual({ ...row }, { state: "running", done: "19", locked: "1" });
  });
  await work(two, started!.id);
  const [row] = await two`select state, looked, done, locked from rhythm.operations where id = ${
    started!.id
  }`;
  assert.deepEqual({ ...row }, { state: "completed", looked: "20", done: "20", locked: "0" });
  assert.deepEqual(await violations(arena.watcher), []);
});

race(
  "operate(): sessions that are killed in a piece, and others beside them, lose and double nothing",
  async () => {
    await using arena = await openArena(2);
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    await one`select count(*) from rhythm.create_many((
    select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 300)))`;
    const [started] = await two`select rhythm.operate('cancel', '{"target": "a"}') as id`;
    const piece = `select rhythm.work_piece('${started!.id}', clock_timestamp() - interval '1 second')`;
    for (let nth = 0; nth < 5; nth++) {
      await one.begin(async (tx) => {
        await tx.unsafe(piece);
        // Another session meets it, and leaves it alone.
        assert.equal((await two.unsafe(piece))[0]!.work_piece, false);
        throw new Error("killed");
      }).catch((error) => assert.match(String(error), /killed/));
      await two.unsafe(piece);
    }
    const [before] = await two`select looked, done from rhythm.operations where id = ${started!.id}`;
    assert.deepEqual({ ...before }, { looked: "5", done: "5" });
    await Promise.all([work(one, started!.id), work(two, started!.id)]);
    await work(one, started!.id);
    const [row] = await two`select state, looked, done from rhythm.operations where id = ${started!.id}`;
    assert.deepEqual({ ...row }, { state: "completed", looked: "300", done: "300" });
    const [acts] =
      await two`select count(*), count(distinct execution_id) as each from rhythm.operation_acts where result = 'done'`;
    assert.deepEqual({ ...acts }, { count: "300", each: "300" });
    assert.deepEqual(await violations(arena.watcher), []);
  },
);

race(
  "repair of many: stopped and resumed, its sessions killed, it patches and retries each of them once",
  async () => {
    await using arena = await openArena(2);
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    const count = isLong ? 100 : 60;
    await one`select rhythm.register_flow('f', 'return 1', '{}')`;
    await one`select rhythm.create_many((
      select jsonb_agg('{"type": "workflow", "target": "f"}'::jsonb) from generate_series(1, ${count}::integer)))`;
    const worker = await registerWorker(one);
    const leased = await claim(one, worker, count);
    // Each has come to a wait, whose end made it fail.
    await settleMany(one, worker, leased.map(({ id, call }) => ({ id, call, ...suspends(id) })));
    await one`select rhythm.signal(e.id, 'go') from rhythm.execution as e`;
    const again = await claim(one, worker, count);
    const error = { type: "Error", message: "no" };
    await settleMany(one, worker, again.map(({ id, call }) => ({ id, call, status: "failed", error })));
    if (isLong) {
      await one`delete from rhythm.failure_note`;
      await multiply(one, { times: 999, stepMs: 60_000 });
      await one`vacuum analyze`;
    }
    const all = isLong ? 100_000 : count;
    const [{ id }] = (await two`
      select rhythm.operate('repair', '{"target": "f", "status": "failed"}', '{"set": {"a": 1}}') as id`) as unknown as [
      { id: string },
    ];
    const short = `select rhythm.work_piece('${id}', clock_timestamp() - interval '1 second') as more`;
    for (let nth = 0; nth < 5; nth++) {
      // The piece is done, and not committed.
      await assert.rejects(
        one.begin(async (tx) => {
          await tx.unsafe(short);
          throw new Error("killed");
        }),
        /killed/,
      );
      await two.unsafe(short);
      const [stopped] = await two`select rhythm.stop_operation(${id}) as done`;
      assert.deepEqual([stopped!.done, (await two.unsafe(short))[0]!.more], [true, false]);
      await two`select rhythm.resume_operation(${id})`;
    }
    const [before] = await two`select done from rhythm.operations where id = ${id}`;
    assert.equal(before!.done, "5", "what was killed was not done");
    const pieces: number[] = [];
    for (let more = true; more;) {
      const begun = performance.now();
      [{ more }] = (await two`select rhythm.work_operation(${id}) as more`) as unknown as [{ more: boolean }];
      pieces.push(performance.now() - begun);
    }
    // The slowest of a hundred: what else the machine does holds up single ones.
    const most = pieces.sort((a, b) => a - b)[Math.floor(pieces.length * 0.99)]!;
    if (isLong) assert.ok(most < 200, `one of a hundred pieces took ${most} ms`);
    const [row] = await two`select state, done, refused from rhythm.operations where id = ${id}`;
    assert.deepEqual({ ...row }, { state: "completed", done: String(all), refused: "0" });
    const [acts] = await two`
      select count(*), count(distinct execution_id) as each from rhythm.operation_act where operation_id = ${id} and result = 'done'`;
    assert.deepEqual({ ...acts }, { count: String(all), each: String(all) });
    const [states] = await two`
      select count(*) filter (where s.change = ${id}) as marked, count(*) filter (where e.status = 'pending') as pending
      from rhythm.workflow_state as s join rhythm.executions as e on e.id = s.execution_id`;
    assert.deepEqual({ ...states }, { marked: String(all), pending: String(all) });
    assert.deepEqual(await violations(arena.watcher), []);
  },
);

/** Waits for a signal, with a state that can be changed. */
function suspends(id: string): Record<string, unknown> & { status: string } {
  const wait = crypto.randomUUID();
  return {
    ...{ status: "suspended", snapshot: { at: id }, keep: [wait], waits: [{ mode: "any", ids: [wait] }] },
    effects: [{ type: "await_signal", id: wait, name: "go" }],
  };
}
