// Operations beside sessions that hold what they change, and beside each other.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { openArena, violations } from "./support/sessions.ts";

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
