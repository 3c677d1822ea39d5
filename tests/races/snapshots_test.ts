// Transactions whose snapshot is frozen: repeatable read, serializable. What changed after it is told with 40001, and
// nothing is decided by what was.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import {
  type Arena,
  claim,
  claimOne,
  openArena,
  registerWorker,
  settle,
  statusOf,
  suspended,
  violations,
} from "./support/sessions.ts";

type Sql = postgres.Sql;
const levels = ["repeatable read", "serializable"] as const;

interface Scene {
  readonly arena: Arena;
  readonly sql: Sql;
  readonly worker: string;
}

/** What there is before the snapshot, what others commit after it, and what is then called. */
interface Case {
  before(at: Scene): Promise<string>;
  meanwhile(at: Scene, id: string): Promise<unknown>;
  call(sql: Sql, id: string): PromiseLike<unknown>;
  /** What holds after the call was made again in a new transaction. */
  after?(at: Scene, id: string): Promise<void>;
}

const runningFlow = async ({ sql, worker }: Scene): Promise<string> => {
  await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
  await sql`select rhythm.start('f')`;
  return await claimOne(sql, worker);
};
const runningTask = async ({ sql, worker }: Scene): Promise<string> => {
  await sql`select rhythm.queue('a')`;
  return await claimOne(sql, worker);
};
const waiting = async ({ sql, worker }: Scene): Promise<string> => {
  const wait = crypto.randomUUID();
  return await suspended(sql, worker, {
    effects: [{ type: "await_signal", id: wait, name: "other" }],
    mode: "any",
    ids: [wait],
  });
};
const suspend = async ({ sql, worker }: Scene, id: string): Promise<void> => {
  const wait = crypto.randomUUID();
  const outcome = {
    id,
    status: "suspended",
    snapshot: {},
    effects: [{ type: "await_signal", id: wait, name: "go" }],
  };
  const { refused } = await settle(sql, worker, {
    ...outcome,
    waits: [{ mode: "any", ids: [wait] }],
    keep: [wait],
  });
  assert.deepEqual(refused, []);
};
const complete = ({ sql, worker }: Scene, id: string): Promise<unknown> =>
  settle(sql, worker, { id, status: "completed", output: 1 });
const fail = ({ sql, worker }: Scene, id: string): Promise<unknown> =>
  settle(sql, worker, { id, status: "failed", retryable: false, error: { type: "Error", message: "no" } });

const cases: Record<string, Case> = {
  "signal() to a workflow that suspended: the signal is taken": {
    before: runningFlow,
    meanwhile: suspend,
    call: (sql, id) => sql`select rhythm.signal(${id}, 'go')`,
    after: async ({ sql }, id) => assert.equal(await statusOf(sql, id), "pending"),
  },
  "signal() to a workflow that ended": {
    before: runningFlow,
    meanwhile: complete,
    call: (sql, id) => sql`select rhythm.signal(${id}, 'go')`,
  },
  "ask() with a key that somebody asked with": {
    before: waiting,
    meanwhile: ({ sql }, id) => sql`select rhythm.ask(${id}, 'go', idempotency_key => 'once')`,
    call: (sql, id) => sql`select rhythm.ask(${id}, 'go', idempotency_key => 'once')`,
    after: async ({ sql }, id) => {
      const [row] = await sql`select count(*)::integer as n from rhythm.asks where execution_id = ${id}`;
      assert.equal(row?.n, 1);
    },
  },
  "signal() with a key that somebody sent": {
    before: waiting,
    meanwhile: ({ sql }, id) => sql`select rhythm.signal(${id}, 'go', idempotency_key => 'once')`,
    call: (sql, id) => sql`select rhythm.signal(${id}, 'go', idempotency_key => 'once')`,
    after: async ({ sql }, id) => {
      const [row] = await sql`select count(*)::integer as n from rhythm.signal where execution_id = ${id}`;
      assert.equal(row?.n, 1);
    },
  },
  "start(parent) under a workflow that was cancelled": {
    before: waiting,
    meanwhile: ({ sql }, id) => sql`select rhythm.cancel(${id})`,
    call: (sql, id) => sql`select rhythm.queue('a', parent => ${id})`,
    after: async ({ sql }, id) => {
      const rows = await sql`select distinct status from rhythm.executions where parent_id = ${id}`;
      assert.deepEqual(rows.map((row) => row.status), ["cancelled"]);
    },
  },
  "start(parent) under a task that was cancelled": {
    before: runningTask,
    meanwhile: ({ sql }, id) => sql`select rhythm.cancel(${id})`,
    call: (sql, id) => sql`select rhythm.queue('a', parent => ${id})`,
  },
  "cancel() of a task that completed": {
    before: runningTask,
    meanwhile: complete,
    call: (sql, id) => sql`select rhythm.cancel(${id})`,
    after: async ({ sql }, id) => assert.equal(await statusOf(sql, id), "completed"),
  },
  "cancel() of a workflow that started a child": {
    before: runningFlow,
    meanwhile: async ({ sql, worker }, id) => {
      const child = crypto.randomUUID();
      const effects = [{ type: "run_task", id: child, target: "a", inputs: {} }];
      const waits = [{ mode: "any", ids: [child] }];
      await settle(sql, worker, { id, status: "suspended", snapshot: {}, effects, waits, keep: [child] });
    },
    call: (sql, id) => sql`select rhythm.cancel(${id})`,
    after: async ({ sql }, id) => {
      const rows =
        await sql`select distinct status from rhythm.executions where id = ${id} or parent_id = ${id}`;
      assert.deepEqual(rows.map((row) => row.status), ["cancelled"]);
    },
  },
  "retry() of what failed, and was retried": {
    before: async (at) => {
      const id = await runningTask(at);
      await fail(at, id);
      return id;
    },
    meanwhile: ({ sql }, id) => sql`select rhythm.retry(${id})`,
    call: (sql, id) => sql`select rhythm.retry(${id})`,
    after: async ({ sql }, id) => assert.equal(await statusOf(sql, id), "pending"),
  },
  "create_many() with a key that somebody used": {
    before: () => Promise.resolve(crypto.randomUUID()),
    meanwhile: ({ sql }) => sql`select rhythm.queue('a', idempotency_key => 'once')`,
    call: (sql) => sql`select rhythm.queue('a', idempotency_key => 'once')`,
    after: async ({ sql }) => {
      const [row] = await sql`select count(*)::integer as n from rhythm.executions`;
      assert.equal(row?.n, 1);
    },
  },
  "create_each() with a unique key that somebody took": {
    before: () => Promise.resolve(crypto.randomUUID()),
    meanwhile: ({ sql }) => sql`select rhythm.queue('a', unique_by => '{"key": "once"}')`,
    call: (sql) =>
      sql`select rhythm.create_each('[{"type": "task", "target": "a", "unique": {"key": "once", "on_conflict": "cancel_existing"}}]')`,
    after: async ({ sql }) => {
      const [row] = await sql`select count(*)::integer as n from rhythm.executions where status = 'pending'`;
      assert.equal(row?.n, 1);
    },
  },
  "watch() of what ended": {
    before: runningTask,
    meanwhile: complete,
    call: (sql, id) => sql`select rhythm.watch(${[id]})`,
  },
  "wait_for() what ended": {
    before: runningTask,
    meanwhile: complete,
    call: (sql, id) => sql`select rhythm.wait_for(${id}, '20s')`,
  },
};

/** A refusal by a rule of the engine is an answer, too: to what the call sees. */
const isAnswer = (error: unknown): boolean => /^RH/.test((error as { code?: string }).code ?? "");

/** As after the installation. */
async function empty(sql: Sql): Promise<void> {
  const tables = await sql`select format('rhythm.%I', c.relname) as name from pg_class as c
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'r'
      and c.relname not in ('installation', 'installed_object', 'installation_note', 'setting')`;
  await sql.unsafe(`truncate ${tables.map((table) => table.name).join(", ")}`);
}

async function met(
  level: string,
  { one, at }: { one: Sql; at: Scene },
  { before, meanwhile, call, after }: Case,
): Promise<void> {
  const id = await before(at);
  const stale = one.begin(`isolation level ${level}`, async (tx) => {
    await tx`select count(*) from rhythm.executions`;
    await meanwhile(at, id);
    await call(tx as unknown as Sql, id);
  });
  await assert.rejects(stale, (error: { code?: string }) => {
    assert.equal(error.code, "40001", String(error));
    return true;
  });
  // Made again, as callers do, it is right.
  await one.begin(`isolation level ${level}`, (tx) => call(tx as unknown as Sql, id)).catch((error) => {
    if (!isAnswer(error)) throw error;
  });
  await after?.(at, id);
  assert.deepEqual(await violations(at.sql), []);
}

for (const level of levels) {
  Deno.test({
    name:
      `${level}: what changed after the snapshot is told with 40001, and the call is right when it is made again`,
    ignore: onEmbedded,
    fn: async (t) => {
      await using arena = await openArena(2);
      const [one, sql] = arena.sessions as [Sql, Sql];
      for (const [name, scene] of Object.entries(cases)) {
        await t.step(name, async () => {
          await empty(sql);
          await met(level, { one, at: { arena, sql, worker: await registerWorker(sql) } }, scene);
        });
      }
    },
  });

  Deno.test({
    name: `${level}: wait_for() sees an end while it waits, and says so where it may not lock`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(2);
      const [one, sql] = arena.sessions as [Sql, Sql];
      const at = { arena, sql, worker: await registerWorker(sql) };
      const id = await runningTask(at);
      const waits = one.begin(`isolation level ${level}`, (tx) => tx`select rhythm.wait_for(${id}, '20s')`);
      waits.catch(() => {});
      await complete(at, id);
      // Its snapshot may be younger than the end.
      const [told] = await Promise.allSettled([waits]);
      if (told.status === "rejected") assert.equal(told.reason.code, "40001");
      else {assert.equal(
          (told.value as unknown as { wait_for: { status: string } }[])[0]?.wait_for.status,
          "completed",
        );}
      const other = await runningTask(at);
      await assert.rejects(
        one.begin(`isolation level ${level} read only`, (tx) => tx`select rhythm.wait_for(${other}, '20s')`),
        (error: { code?: string }) => error.code === "RH010",
      );
    },
  });

  Deno.test({
    name: `${level}: every function of a worker refuses it`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(1);
      const [sql] = arena.sessions as [Sql];
      const worker = await registerWorker(sql);
      const id = crypto.randomUUID();
      const calls: Record<string, string> = {
        register_worker: "(null)",
        beat: `('${worker}')`,
        claim_execution: `('${worker}', '${id}', 1)`,
        apply_change: `('${worker}', '${id}', 1, 0)`,
        save_steps: `('${worker}', '[]')`,
        report: `('${worker}')`,
        checkpoint: `('${worker}', '${id}', 1, '1')`,
        stop_worker: `('${worker}')`,
        exchange: `('${worker}', 1)`,
        settle_one: `('${worker}', '{}')`,
      };
      const rows = await sql`select p.proname as name from pg_proc as p
        where p.pronamespace = 'rhythm'::regnamespace and p.proname in (select rhythm.surface('rhythm_worker'))
          and p.proname not in (select rhythm.surface('rhythm_client')) and p.provolatile = 'v'`;
      const reads = ["unserved", "tick", "load_steps", "get_program", "due", "chores", "sql_tasks"];
      for (const { name } of rows.filter((row) => !reads.includes(row.name))) {
        assert.ok(name in calls, `${name}() is not tried here`);
        await assert.rejects(
          sql.begin(
            `isolation level ${level}`,
            (tx) => tx.unsafe(`select from rhythm.${name}${calls[name]}`),
          ),
          (error: { code?: string }) => {
            assert.equal(error.code, "RH010", `${name}: ${error}`);
            return true;
          },
        );
      }
      assert.equal((await claim(sql, worker)).length, 0);
    },
  });
}
