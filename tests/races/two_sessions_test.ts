// Two sessions that want the same at the same time, in both orders, each held at its gate by the server's own locks.
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
  statusOf,
  suspended,
  untilBlocked,
  violations,
} from "./support/sessions.ts";
import { until } from "../support/until.ts";

const race = (name: string, run: () => Promise<void>): void =>
  Deno.test({ name, ignore: onEmbedded, fn: run });

race("settle() before cancel(): the completed task stays completed", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  await arena.watcher`select rhythm.queue('a')`;
  const id = await claimOne(arena.watcher, worker);
  const [settled, cancelled] = await inTurn(arena, {
    first: (sql) => settle(sql, worker, { id, status: "completed", output: 1 }),
    second: (sql) => sql`select rhythm.cancel(${id}) as done`,
  });
  assert.deepEqual((settled as { refused: unknown[] }).refused, []);
  assert.equal((cancelled as { done: boolean }[])[0]?.done, false);
  assert.equal(await statusOf(arena.watcher, id), "completed");
});

race(
  "cancel() before settle(): a suspension is refused nothing, what it starts is cancelled, and the workflow is told",
  async () => {
    await using arena = await openArena(2);
    const worker = await registerWorker(arena.watcher);
    await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
    await arena.watcher`select rhythm.start('f')`;
    const id = await claimOne(arena.watcher, worker);
    const [wait, task, flow] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    const [, settled] = await inTurn(arena, {
      first: (sql) => sql`select rhythm.cancel(${id}, 'enough')`,
      second: (sql) =>
        settle(sql, worker, {
          id,
          status: "suspended",
          snapshot: {},
          effects: [
            { type: "await_signal", id: wait, name: "s" },
            { type: "run_task", id: task, target: "a", inputs: {} },
            { type: "run_workflow", id: flow, target: "f", inputs: {} },
          ],
          waits: [{ mode: "any", ids: [wait, task, flow] }],
        }),
    });
    assert.deepEqual((settled as { refused: unknown[] }).refused, []);
    assert.equal(await statusOf(arena.watcher, task), "cancelled");
    assert.equal(await statusOf(arena.watcher, flow), "cancelled");
    assert.equal(await statusOf(arena.watcher, id), "pending");
    const rows = (await claim(arena.watcher, worker)).map(({ id, cancelReason }) => ({
      id,
      cancel_reason: cancelReason,
    }));
    assert.deepEqual(rows.map((row) => ({ ...row })), [{ id, cancel_reason: "enough" }]);
    await settle(arena.watcher, worker, { id, status: "cancelled" });
    assert.equal(await statusOf(arena.watcher, id), "cancelled");
    assert.deepEqual(await violations(arena.watcher), []);
  },
);

race("cancel() before settle(): a workflow that only waits does not wait for ever", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
  await arena.watcher`select rhythm.start('f')`;
  const id = await claimOne(arena.watcher, worker);
  const wait = crypto.randomUUID();
  await inTurn(arena, {
    first: (sql) => sql`select rhythm.cancel(${id}, 'enough')`,
    second: (sql) =>
      settle(sql, worker, {
        id,
        status: "suspended",
        snapshot: {},
        effects: [{ type: "await_signal", id: wait, name: "s" }],
        waits: [{ mode: "any", ids: [wait] }],
      }),
  });
  const rows = (await claim(arena.watcher, worker, 1)).map(({ cancelReason }) => ({
    cancel_reason: cancelReason,
  }));
  assert.deepEqual(rows.map((row) => row.cancel_reason), ["enough"]);
});

race(
  "cancel() before settle(): a workflow that completes is cancelled, unless it had finished before, and not told later",
  async () => {
    await using arena = await openArena(2);
    const worker = await registerWorker(arena.watcher);
    await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
    await arena.watcher`select rhythm.start('f')`;
    const id = await claimOne(arena.watcher, worker);
    await inTurn(arena, {
      first: (sql) => sql`select rhythm.cancel(${id}, 'enough')`,
      second: (sql) => settle(sql, worker, { id, status: "completed", output: 1 }),
    });
    assert.equal(await statusOf(arena.watcher, id), "cancelled");
    const [row] = await arena.watcher`select rhythm.cancel(${id}) as done`;
    assert.equal(row?.done, false);
    assert.deepEqual(await violations(arena.watcher), []);
  },
);

race("settle() before cancel(): children started meanwhile are cancelled too", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
  await arena.watcher`select rhythm.start('f')`;
  const id = await claimOne(arena.watcher, worker);
  const child = crypto.randomUUID();
  await inTurn(arena, {
    first: (sql) =>
      settle(sql, worker, {
        id,
        status: "suspended",
        snapshot: {},
        effects: [{ type: "run_task", id: child, target: "a", inputs: {} }],
        waits: [{ mode: "any", ids: [child] }],
      }),
    second: (sql) => sql`select rhythm.cancel(${id})`,
  });
  assert.equal(await statusOf(arena.watcher, id), "cancelled");
  assert.equal(await statusOf(arena.watcher, child), "cancelled");
  assert.deepEqual(await violations(arena.watcher), []);
});

for (const type of ["workflow", "task"] as const) {
  for (const first of ["create", "cancel"] as const) {
    race(
      `create_many() under a ${type} that is cancelled meanwhile, ${first} first: cancelled too`,
      async () => {
        await using arena = await openArena(2);
        await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
        const [parent] = type === "workflow"
          ? await arena.watcher`select rhythm.start('f') as id`
          : await arena.watcher`select rhythm.queue('a') as id`;
        const create: Act = (sql) => sql`select rhythm.queue('b', parent => ${parent?.id}) as id`;
        const cancel: Act = (sql) => sql`select rhythm.cancel(${parent?.id}, 'enough')`;
        await inTurn(
          arena,
          first === "create" ? { first: create, second: cancel } : { first: cancel, second: create },
        );
        const rows = await arena.watcher`select status, cancel_reason from rhythm.executions order by target`;
        assert.deepEqual(rows.map((row) => [row.status, row.cancel_reason]), [
          ["cancelled", "enough"],
          ["cancelled", "enough"],
        ]);
        assert.deepEqual(await violations(arena.watcher), []);
      },
    );
  }
}

for (const first of ["signal", "suspend"] as const) {
  race(`signal() and settle() at once, ${first} first: the signal is taken`, async () => {
    await using arena = await openArena(2);
    const worker = await registerWorker(arena.watcher);
    await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
    await arena.watcher`select rhythm.start('f')`;
    const id = await claimOne(arena.watcher, worker);
    const wait = crypto.randomUUID();
    const signal: Act = (sql) => sql`select rhythm.signal(${id}, 's', '"hello"')`;
    const suspend: Act = (sql) =>
      settle(sql, worker, {
        id,
        status: "suspended",
        snapshot: {},
        effects: [{ type: "await_signal", id: wait, name: "s" }],
        waits: [{ mode: "any", ids: [wait] }],
      });
    await inTurn(
      arena,
      first === "signal" ? { first: signal, second: suspend } : { first: suspend, second: signal },
    );
    const [row] = await claim(arena.watcher, worker);
    assert.deepEqual(row?.settled, [{ id: wait, status: "completed", output: "hello" }]);
    assert.deepEqual(await violations(arena.watcher), []);
  });
}

race("signal() and the end of its workflow at once: the signal is refused, not lost", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
  await arena.watcher`select rhythm.start('f')`;
  const id = await claimOne(arena.watcher, worker);
  await assert.rejects(
    inTurn(arena, {
      first: (sql) => settle(sql, worker, { id, status: "completed", output: null }),
      second: (sql) => sql`select rhythm.signal(${id}, 's')`,
    }),
    { code: "RH003" },
  );
  assert.deepEqual(await violations(arena.watcher), []);
});

race("the last two children of a workflow settle at once: it goes on, once", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  const ids = [crypto.randomUUID(), crypto.randomUUID()] as [string, string];
  const id = await suspended(arena.watcher, worker, {
    effects: ids.map((child) => ({ type: "run_task", id: child, target: "a", inputs: {} })),
    mode: "all",
    ids,
  });
  await claim(arena.watcher, worker);
  await inTurn(arena, {
    first: (sql) => settle(sql, worker, { id: ids[0], status: "completed", output: 1 }),
    second: (sql) => settle(sql, worker, { id: ids[1], status: "completed", output: 2 }),
  });
  const rows = await claim(arena.watcher, worker);
  assert.deepEqual(rows.map((row) => row.id), [id]);
  assert.deepEqual(rows[0]?.settled, [
    { id: ids[0], status: "completed", output: 1 },
    { id: ids[1], status: "completed", output: 2 },
  ]);
  assert.deepEqual(await violations(arena.watcher), []);
});

race("a worker given up while it claims: it keeps no lease that nobody would take back", async () => {
  await using arena = await openArena(2);
  const [row] = await arena.watcher`select rhythm.register_worker(null, p_lease => '1s') as id`;
  const worker = row?.id;
  await arena.watcher`select rhythm.queue('a')`;
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  await two`select set_config('rhythm_clock.shift', '1 hour', false)`;
  await one.begin(async (tx) => {
    await claim(tx as unknown as postgres.Sql, worker);
    await two`select rhythm.tick()`;
  });
  // Nobody ticked for an hour: it is given one lease more.
  for (const shift of ["2 hours", "2 hours 2 seconds"]) {
    await two`select set_config('rhythm_clock.shift', ${shift}, false)`;
    await two`select rhythm.tick()`;
  }
  assert.deepEqual(await violations(arena.watcher), []);
  const [left] = await arena.watcher`select status from rhythm.executions`;
  assert.equal(left?.status, "pending");
});

race(
  "a server process that dies within settle(): nothing of it happened, and it can be said again",
  async () => {
    await using arena = await openArena(2);
    const worker = await registerWorker(arena.watcher);
    const child = crypto.randomUUID();
    const id = await suspended(arena.watcher, worker, {
      effects: [{ type: "run_task", id: child, target: "a", inputs: {} }],
      mode: "any",
      ids: [child],
    });
    await claim(arena.watcher, worker);
    const two = arena.sessions[1]!;
    const pid = await pidOf(two);
    // It has done all of its work, and not committed.
    await assert.rejects(two.begin(async (tx) => {
      const { declined } = await settle(tx as unknown as postgres.Sql, worker, {
        ...{ id: child, status: "completed", output: 1 },
      });
      assert.deepEqual(declined, []);
      await arena.watcher`select pg_terminate_backend(${pid})`;
    }));
    assert.equal(await statusOf(arena.watcher, child), "running");
    assert.equal(await statusOf(arena.watcher, id), "suspended");
    assert.deepEqual(await violations(arena.watcher), []);
    await settle(arena.watcher, worker, { id: child, status: "completed", output: 1 });
    assert.equal(await statusOf(arena.watcher, id), "pending");
  },
);

race("retry() from two sessions: one of them does it", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  await arena.watcher`select rhythm.queue('a', retry => '{"max_attempts": 1}')`;
  const id = await claimOne(arena.watcher, worker);
  await settle(arena.watcher, worker, { id, status: "failed", error: { type: "Error", message: "no" } });
  await assert.rejects(
    inTurn(arena, {
      first: (sql) => sql`select rhythm.retry(${id})`,
      second: (sql) => sql`select rhythm.retry(${id})`,
    }),
    { code: "RH003" },
  );
  assert.equal(await statusOf(arena.watcher, id), "pending");
});

race("a worker falls asleep while a producer has not committed: its next looks find the work", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  await one.begin(async (tx) => {
    await tx`select rhythm.queue('a')`;
    const rows = await claim(two, worker, 1, { sleeps: true });
    assert.equal(rows.length, 0);
  });
  const rows = await claim(two, worker, 1, { sleeps: true });
  assert.equal(rows.length, 1);
});

race(
  "a producer that commits after a worker fell asleep notifies it, one that finds nobody asleep does not",
  async () => {
    await using arena = await openArena(2);
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    const heard: string[] = [];
    await arena.db.sql.listen("rhythm_work", (queue) => heard.push(queue));
    const worker = await registerWorker(two);
    await one`select rhythm.queue('a')`;
    assert.equal((await claim(two, worker, 1, { sleeps: true })).length, 1);
    assert.equal((await claim(two, worker, 1, { sleeps: true })).length, 0);
    await one`select rhythm.queue('a')`;
    // Notifications come in the order of commits: once this one is here, all before it are.
    await one`select pg_notify('rhythm_work', 'end')`;
    await until(() => heard.includes("end"));
    assert.deepEqual(heard, ["default", "end"]);
  },
);

race("schedule() and resume_schedule() tell a worker that sleeps to look at the clock again", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const heard: string[] = [];
  await arena.db.sql.listen("rhythm_work", (queue) => heard.push(queue));
  const worker = await registerWorker(two);
  await one`select rhythm.schedule('s', '@daily', 'a', type => 'task')`;
  await claim(two, worker, 1, { sleeps: true });
  await one`select rhythm.schedule('s', '@hourly', 'a', type => 'task')`;
  await one`select rhythm.pause_schedule('s')`;
  await one`select rhythm.resume_schedule('s')`;
  await one`select pg_notify('rhythm_work', 'end')`;
  await until(() => heard.includes("end"));
  assert.deepEqual(heard, ["", "", "end"]);
});

race("rhythm.now(): a role that is not the owner moves no clock", async () => {
  await using arena = await openArena(1);
  const [one] = arena.sessions as [postgres.Sql];
  const role = `rhythm_test_clock_${crypto.randomUUID().slice(0, 8)}`;
  await arena.watcher.unsafe(`create role ${role} login in role rhythm_worker`);
  try {
    await one.unsafe(`set session authorization ${role}`);
    await one.unsafe("set rhythm_clock.shift = '1 day'");
    const ahead = async (): Promise<boolean> =>
      (await one`select rhythm.now() > clock_timestamp() + interval '1 hour' as ahead`)[0]?.ahead;
    assert.equal(await ahead(), false);
    await one.unsafe("set rhythm_clock.at = '2000-01-01'");
    const [row] = await one`select rhythm.now() < '2001-01-01' as back`;
    assert.equal(row?.back, false);
    await one.unsafe("reset rhythm_clock.at; reset session authorization");
    assert.equal(await ahead(), true);
  } finally {
    await one.unsafe("reset session authorization");
    await arena.watcher.unsafe(`drop role ${role}`);
  }
});

race("cancel() before tick() buries the worker: the task is cancelled, and not run again", async () => {
  await using arena = await openArena(2);
  const worker = await registerWorker(arena.watcher);
  await arena.watcher`select rhythm.queue('a')`;
  const id = await claimOne(arena.watcher, worker);
  await arena.watcher`update rhythm.worker set beat_at = beat_at - interval '2 hours'`;
  await inTurn(arena, {
    first: (sql) => sql`select rhythm.cancel(${id}, 'enough')`,
    second: (sql) => sql`select rhythm.tick()`,
  });
  // What somebody holds is buried the next time, a second later.
  await until(async () => {
    await arena.watcher`select rhythm.tick()`;
    return await statusOf(arena.watcher, id) === "cancelled";
  });
  assert.deepEqual(await violations(arena.watcher), []);
});

for (const first of ["retry", "purge"] as const) {
  race(
    `${first}() first, retry() of a child and purge() of its parent: nothing runs under a parent that is gone`,
    async () => {
      await using arena = await openArena(2);
      const { watcher } = arena;
      const worker = await registerWorker(watcher);
      const task = crypto.randomUUID();
      const effects = [{ type: "run_task", id: task, target: "a", inputs: {} }];
      await suspended(watcher, worker, { effects, mode: "any", ids: [task] });
      await settle(watcher, worker, {
        id: await claimOne(watcher, worker),
        status: "failed",
        error: { type: "Error", message: "no" },
      });
      await settle(watcher, worker, { id: await claimOne(watcher, worker), status: "completed" });
      const retry = (sql: postgres.Sql) =>
        sql`select rhythm.retry(${task})`.then(() => "again", (error) => error.code);
      const purge = (sql: postgres.Sql) => sql`select rhythm.purge('0') as count`.then(([row]) => row?.count);
      const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
      const acts = first === "retry" ? [retry, purge] : [purge, retry];
      let second: Promise<unknown> = Promise.resolve();
      const given = await one.begin(async (tx) => {
        const given = await acts[0]!(tx as unknown as postgres.Sql);
        if (first === "retry") {
          // What another session holds is left for the next time.
          assert.equal(await acts[1]!(two), 0);
        } else {
          const pid = await pidOf(two);
          second = acts[1]!(two);
          await untilBlocked(watcher, pid);
        }
        return given;
      });
      assert.deepEqual([given, await second], first === "retry" ? ["again", undefined] : [1, "RH003"]);
      assert.equal(await statusOf(watcher, task), first === "retry" ? "pending" : "failed");
      assert.deepEqual(await violations(watcher), []);
    },
  );
}
