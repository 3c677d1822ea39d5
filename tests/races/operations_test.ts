// Operations beside sessions that hold what they change, and beside each other.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { multiply } from "../support/multiply.ts";
import { meter } from "../support/spent.ts";
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
  "repair of many: stopped and resumed, its sessions killed, no piece is long, and each of them is patched once",
  async () => {
    await using arena = await openArena(2);
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    const begun = performance.now();
    const all = isLong ? 100_000 : 5_000;
    await makeFailures(one, all);
    const id = await operate(two, "repair", { target: "f", status: "failed" }, { set: { a: 1 } });
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
    const pieces = await piecesOf(two, id, begun + 200_000);
    const [row] = await two`select state, done, refused from rhythm.operations where id = ${id}`;
    // A machine that does other things may not come to the end. What it has done must be right.
    const done = row!.state === "completed" ? all : Number(row!.done);
    assert.deepEqual({ ...row }, {
      state: pieces.more ? "running" : "completed",
      done: String(done),
      refused: "0",
    });
    console.log(`${done} of ${all} repaired in ${pieces.text}`);
    const [acts] = await two`
      select count(*), count(distinct execution_id) as each from rhythm.operation_act where operation_id = ${id} and result = 'done'`;
    assert.deepEqual({ ...acts }, { count: String(done), each: String(done) });
    const [states] = await two`
      select count(*) filter (where s.change = ${id}) as marked, count(*) filter (where e.status = 'pending') as pending
      from rhythm.workflow_state as s join rhythm.executions as e on e.id = s.execution_id`;
    assert.deepEqual({ ...states }, { marked: String(done), pending: String(done) });
    assert.deepEqual(await violations(arena.watcher), []);
  },
);

race(
  "operate(): workflows with large states are looked for by their line, and no piece is long",
  async () => {
    await using arena = await openArena(2);
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    const count = 100;
    const source = "return await Signal.next('go')";
    await one`select rhythm.register_flow('f', ${source}, ${
      one.json({ source, functions: [{ positions: [0, 0, 3, 0, 6, 0] }] })
    })`;
    await one`select rhythm.create_many((
    select jsonb_agg('{"type": "workflow", "target": "f"}'::jsonb) from generate_series(1, ${count}::integer)))`;
    const worker = await registerWorker(one);
    const large = Array.from({ length: 20_000 }, (_, n) => [3, n]);
    for (const { id, call } of await claim(one, worker, count)) {
      await settleMany(one, worker, [{ id, call, ...suspends(id, { h: [[15, 1, 2, 3, 6], ...large] }) }]);
    }
    const id = await operate(two, "pause", { target: "f", line: 9 });
    const pieces = await piecesOf(two, id, performance.now() + 200_000);
    const [row] = await two`select state, looked, done from rhythm.operations where id = ${id}`;
    assert.deepEqual({ ...row }, { state: "completed", looked: String(count), done: "0" }, pieces.text);
  },
);

for (const count of [2, 20]) {
  race(
    `repair: ${count} sessions mark the same workflows, and some are killed: of each workflow one operation is the last, and all count right`,
    async () => {
      await using arena = await openArena(count);
      const { sessions, watcher } = arena;
      await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
      await watcher`select rhythm.create_many((
        select jsonb_agg('{"type": "workflow", "target": "f"}'::jsonb) from generate_series(1, 30)))`;
      const worker = await registerWorker(watcher);
      const leased = await claim(watcher, worker, 30);
      await settleMany(watcher, worker, leased.map(({ id, call }) => ({ id, call, ...suspends(id) })));
      const mine: string[] = [];
      for (const session of sessions) {
        mine.push(await operate(session, "repair", { target: "f" }, { set: { a: mine.length } }));
      }
      const end = performance.now() + 60_000;
      await Promise.all(sessions.map(async (session, nth) => {
        for (let turn = 0, more = true; more; turn++) {
          assert.ok(performance.now() < end, "an operation does not come to its end");
          const piece = `select rhythm.work_piece('${
            mine[nth]
          }', clock_timestamp() - interval '1 second') as more`;
          if ((turn + nth) % 3 === 0) {
            await session.begin(async (tx) => {
              await tx.unsafe(piece);
              throw new Error("killed");
            }).catch((error) => assert.match(String(error), /killed/));
          }
          await session.unsafe(piece);
          // Another session that takes a workflow over has the row of the operation for a moment: then a piece does nothing.
          more = (await session`select state from rhythm.operation where id = ${mine[nth]!}`)[0]!.state ===
            "running";
        }
      }));
      const wrong = await watcher`
        select o.id, o.state, o.done, o.refused, a.done as acts_done, a.refused as acts_refused, a.marked
        from rhythm.operation as o
        cross join lateral (
          select count(*) filter (where x.result = 'done') as done, count(*) filter (where x.result = 'refused') as refused,
            (select count(*) from rhythm.workflow_state as s where s.change = o.id) as marked
          from rhythm.operation_act as x where x.operation_id = o.id
        ) as a
        where o.state <> 'completed' or o.done <> a.done or o.refused <> a.refused or a.marked <> a.done or a.done + a.refused <> 30`;
      assert.deepEqual([...wrong], []);
      const [row] = await watcher`
        select count(*)::integer as marked, (select sum(o.done)::integer from rhythm.operation as o) as done
        from rhythm.workflow_state as s where s.change is not null`;
      assert.deepEqual({ ...row }, { marked: 30, done: 30 });
      assert.deepEqual(await violations(watcher), []);
    },
  );
}

/** Workflows that have come to a wait, whose end made each of them fail. */
async function makeFailures(sql: postgres.Sql, count: number): Promise<void> {
  const originals = 100;
  await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
  await sql`select rhythm.create_many((
    select jsonb_agg('{"type": "workflow", "target": "f"}'::jsonb) from generate_series(1, ${originals}::integer)))`;
  const worker = await registerWorker(sql);
  const leased = await claim(sql, worker, originals);
  await settleMany(sql, worker, leased.map(({ id, call }) => ({ id, call, ...suspends(id) })));
  await sql`select rhythm.signal(e.id, 'go') from rhythm.execution as e`;
  const again = await claim(sql, worker, originals);
  const error = { type: "Error", message: "no" };
  await settleMany(sql, worker, again.map(({ id, call }) => ({ id, call, status: "failed", error })));
  await sql`delete from rhythm.failure_note`;
  await multiply(sql, { times: count / originals - 1, stepMs: 60_000 });
  await sql`vacuum analyze`;
}

async function operate(
  sql: postgres.Sql,
  action: string,
  filter: object,
  args: object = {},
): Promise<string> {
  const [row] = await sql`select rhythm.operate(${action}, ${JSON.stringify(filter)}::text::jsonb, ${
    JSON.stringify(args)
  }::text::jsonb) as id`;
  return row!.id;
}

/**
 * Works an operation off, or until the time is up. No piece may take more than 200 ms of the server, without the time in which others
 * had the processors. Where the system does not say that, this is not checked.
 */
async function piecesOf(
  sql: postgres.Sql,
  id: string,
  lastMs: number,
): Promise<{ more: boolean; text: string }> {
  const watch = await meter(sql);
  const call = `rhythm.work_operation('${id}') as more`;
  const spent: number[] = [];
  let more = true;
  while (more && performance.now() < lastMs) {
    if (watch === undefined) {
      more = (await sql.unsafe(`select ${call}`))[0]!.more;
      spent.push(0);
    } else {
      const piece = await watch.select<{ more: boolean }>(call);
      more = piece.row.more;
      spent.push(piece.ms);
      assert.ok(
        piece.ms < 200,
        `piece ${spent.length} took ${piece.ms} ms, ${piece.cpuMs} of them with a processor`,
      );
    }
  }
  spent.sort((a, b) => a - b);
  const at = (share: number): string => spent[Math.ceil(spent.length * share) - 1]!.toFixed(1);
  return { more, text: `${spent.length} pieces, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms` };
}

/** Waits for a signal, with a state that can be changed. */
function suspends(id: string, snapshot: object = { at: id }): Record<string, unknown> & { status: string } {
  const wait = crypto.randomUUID();
  return {
    ...{ status: "suspended", snapshot, keep: [wait], waits: [{ mode: "any", ids: [wait] }] },
    effects: [{ type: "await_signal", id: wait, name: "go" }],
  };
}
