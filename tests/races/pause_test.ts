// Pauses beside claims, settles, signals, cancels and retries.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import {
  type Act,
  claim,
  claimOne,
  inTurn,
  openArena,
  pidOf,
  registerWorker,
  settle,
  settleSteps,
  statusOf,
  suspended,
  untilBlocked,
  violations,
} from "./support/sessions.ts";

const race = (name: string, run: () => Promise<void>): void =>
  Deno.test({ name, ignore: onEmbedded, fn: run });

async function make(sql: postgres.Sql, count: number): Promise<string[]> {
  const rows = await sql`
    select rhythm.create_many((
      select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, ${count}::integer))) as id`;
  return rows.map(({ id }) => id);
}

race("pause(): a claim passes over what is being paused, and gets the others of its batch", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = await make(one, 3);
  const [alone] = await one`select rhythm.queue('b') as id`;
  const worker = await registerWorker(two);
  await one.begin(async (tx) => {
    await tx`select rhythm.pause_execution(id) from unnest(${[ids[1]!, alone!.id]}::uuid[]) as id`;
    assert.deepEqual((await claim(two, worker, 10)).map(({ id }) => id), [ids[0], ids[2]]);
  });
  assert.deepEqual(await claim(two, worker, 10), []);
  assert.deepEqual(await violations(arena.watcher), []);
  await two`select rhythm.resume_execution(id) from unnest(${[ids[1]!, alone!.id]}::uuid[]) as id`;
  assert.deepEqual((await claim(two, worker, 10)).map(({ id }) => id), [ids[1], alone!.id]);
});

race("pause(): waits for a claim of the batch, and lets what was leased run to its end", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = await make(one, 3);
  const worker = await registerWorker(one);
  const pid = await pidOf(two);
  let paused: Promise<unknown> = Promise.resolve();
  await one.begin(async (tx) => {
    await claim(tx as unknown as postgres.Sql, worker, 2);
    paused = (async () => await two`select rhythm.pause_execution(id) from unnest(${ids}::uuid[]) as id`)();
    paused.catch(() => {});
    await untilBlocked(arena.watcher, pid);
  });
  await paused;
  assert.deepEqual(await violations(arena.watcher), []);
  assert.equal(await statusOf(arena.watcher, ids[0]!), "running");
  await settle(one, worker, { id: ids[0]!, status: "completed", output: 1 });
  await settle(one, worker, { id: ids[1]!, status: "released" });
  assert.deepEqual(await claim(one, worker, 10), []);
  assert.deepEqual(await violations(arena.watcher), []);
  await one`select rhythm.resume_execution(id) from unnest(${ids}::uuid[]) as id`;
  assert.deepEqual((await claim(one, worker, 10)).map(({ id }) => id).sort(), ids.slice(1).sort());
});

race("pause() and a settle of the same workflow: in both orders it does not continue", async () => {
  for (const order of ["pause first", "settle first"] as const) {
    await using arena = await openArena(2);
    const worker = await registerWorker(arena.watcher);
    const child = crypto.randomUUID();
    const wait = { mode: "any" as const, ids: [child] };
    const effects = [{ type: "run_task", id: child, target: "a", inputs: {} }];
    const id = await suspended(arena.watcher, worker, { effects, ...wait });
    await claimOne(arena.watcher, worker);
    const end = { id: child, output: 1, flow: id, seq: 1, next: "completed", result: 1 };
    const pause = (sql: postgres.Sql): Promise<unknown> => sql`select rhythm.pause_execution(${id}) as done`;
    const step = (sql: postgres.Sql): Promise<unknown> => settleSteps(sql, worker, [end]);
    const child_ = (sql: postgres.Sql): Promise<unknown> =>
      settle(sql, worker, { id: child, status: "completed", output: 1 }, { lease: 5 });
    if (order === "pause first") {
      await inTurn(arena, { first: pause, second: child_ });
      assert.equal(await statusOf(arena.watcher, id), "pending");
      assert.deepEqual(await claim(arena.watcher, worker, 10), []);
    } else {
      const [, done] = await inTurn(arena, { first: step, second: pause });
      assert.equal((done as { done: boolean }[])[0]!.done, false, "it has ended");
      assert.equal(await statusOf(arena.watcher, id), "completed");
    }
    assert.deepEqual(await violations(arena.watcher), []);
  }
});

race(
  "pause() and signal(): in both orders the signal is kept and the workflow does not continue",
  async () => {
    for (const order of ["pause", "signal"] as const) {
      await using arena = await openArena(2);
      const worker = await registerWorker(arena.watcher);
      const wait = crypto.randomUUID();
      const effects = [{ type: "await_signal", id: wait, name: "go" }];
      const id = await suspended(arena.watcher, worker, { effects, mode: "any", ids: [wait] });
      const pause = (sql: postgres.Sql): Promise<unknown> => sql`select rhythm.pause_execution(${id})`;
      const signal = (sql: postgres.Sql): Promise<unknown> => sql`select rhythm.signal(${id}, 'go')`;
      await inTurn(
        arena,
        order === "pause" ? { first: pause, second: signal } : { first: signal, second: pause },
      );
      assert.equal(await statusOf(arena.watcher, id), "pending");
      assert.deepEqual(await claim(arena.watcher, worker, 10), []);
      assert.deepEqual(await violations(arena.watcher), []);
      await arena.watcher`select rhythm.resume_execution(${id})`;
      assert.equal(await claimOne(arena.watcher, worker), id);
    }
  },
);

race("pause() and cancel() or retry(): the later one decides, and nothing is left paused", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  const ids = await make(arena.watcher, 2);
  const act = (call: string, id: string) => (sql: postgres.Sql): Promise<{ done: string }[]> =>
    sql.unsafe(`select rhythm.${call}('${id}')::text as done`) as unknown as Promise<{ done: string }[]>;
  await inTurn(arena, { first: act("pause_execution", ids[0]!), second: act("cancel", ids[0]!) });
  assert.equal(await statusOf(arena.watcher, ids[0]!), "cancelled");
  const [, late] = await inTurn(arena, {
    first: act("cancel", ids[1]!),
    second: act("pause_execution", ids[1]!),
  });
  assert.equal((late as { done: string }[])[0]!.done, "false");
  await inTurn(arena, { first: act("retry", ids[0]!), second: act("pause_execution", ids[0]!) });
  assert.deepEqual(await claim(arena.watcher, worker, 10), []);
  await inTurn(arena, { first: act("resume_execution", ids[0]!), second: act("pause_execution", ids[0]!) });
  assert.deepEqual(await claim(arena.watcher, worker, 10), []);
  assert.deepEqual(await violations(arena.watcher), []);
});

/** A workflow that stands in line 1 of its flow, and waits for a signal there. */
async function standing(sql: postgres.Sql, worker: string): Promise<string> {
  const code = { source: "await 1", functions: [{ positions: [0, 0] }] };
  await sql`select rhythm.register_flow('g', 'await 1', ${sql.json(code)})`;
  const [row] = await sql`select rhythm.start('g') as id`;
  await claim(sql, worker, 1);
  const wait = crypto.randomUUID();
  await settle(sql, worker, {
    ...{ id: row!.id, status: "suspended", keep: [wait], waits: [{ mode: "any", ids: [wait] }] },
    snapshot: { h: [[15, 1, 2, 0, 3], [3, 0], [14, 0, [], 0], [14, 0, [], 0, wait, [0, 0]]] },
    effects: [{ type: "await_signal", id: wait, name: "go" }],
  });
  return row!.id;
}

race(
  "a gate and a signal, a resume, its removal, a pause, a cancel: whatever comes first, nothing is lost",
  async () => {
    const acts: Record<string, (id: string, gate: number) => Act> = {
      signal: (id) => (sql) => sql`select rhythm.signal(${id}, 'go')`,
      resume: (id) => (sql) => sql`select rhythm.resume_execution(${id})`,
      remove: (_, gate) => (sql) => sql`select rhythm.remove_gate(${gate})`,
      pause: (id) => (sql) => sql`select rhythm.pause_execution(${id})`,
      cancel: (id) => (sql) => sql`select rhythm.cancel(${id})`,
      edit: (id) => (sql) => sql`select rhythm.edit_state(${id}, 1, '{}')`,
    };
    await using arena = await openArena(2);
    const sql = arena.watcher;
    const worker = await registerWorker(sql);
    for (const other of ["resume", "remove", "pause", "cancel", "edit"]) {
      for (const pair of [["signal", other], [other, "signal"], [other, other]] as const) {
        const id = await standing(sql, worker);
        const [row] = await sql`select rhythm.set_gate('g', 1) as gate`;
        // Twice the same: it stands at the gate already.
        if (pair[0] === pair[1]) await acts.signal!(id, row!.gate)(sql);
        const [first, second] = pair.map((name) => acts[name]!(id, row!.gate)) as [Act, Act];
        // What is refused, because the workflow is over or was edited, leaves it as it was.
        await inTurn(arena, { first, second: (two) => second(two).catch(() => {}) });
        assert.deepEqual(await violations(sql), [], pair.join());
        await sql`select rhythm.remove_gate(${row!.gate})`;
        await sql`select rhythm.open_gates(100)`;
        await sql`select rhythm.resume_execution(${id})`;
        const goesOn = await claim(sql, worker, 10);
        assert.deepEqual(goesOn.map((one) => one.id), other === "cancel" ? [] : [id], pair.join());
        if (goesOn.length > 0) await settle(sql, worker, { id, status: "completed", output: 1 });
        assert.deepEqual(await violations(sql), [], pair.join());
      }
    }
  },
);
