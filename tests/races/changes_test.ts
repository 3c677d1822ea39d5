// What people do to workflows (edit, rewind, fork, migrate), against what settles, signals and cancels them.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import {
  type Arena,
  claim,
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

const race = (name: string, run: (arena: Arena) => Promise<void>): void =>
  Deno.test({
    name,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(3);
      await run(arena);
      assert.deepEqual(await violations(arena.watcher), []);
    },
  });

const newId = async (sql: postgres.Sql): Promise<string> => (await sql`select rhythm.new_id() as id`)[0]!.id;

race(
  "rewind_state(), cancel(): children with ids lower than that of their workflow are locked in the same order",
  async ({ sessions, watcher }) => {
    const [one, two, three] = sessions as [postgres.Sql, postgres.Sql, postgres.Sql];
    const worker = await registerWorker(one);
    await one`select rhythm.register_flow('f', 'return 1', '{}')`;
    const [child, wait, parent] = [await newId(one), await newId(one), await newId(one)];
    await one`select rhythm.start('f', id => ${parent})`;
    await claim(one, worker, 1);
    const at = { snapshot: { at: 1 }, mode: "any" };
    await settle(one, worker, {
      ...{ id: parent, status: "suspended", snapshot: at.snapshot },
      effects: [{ type: "run_workflow", id: child, target: "f", inputs: {} }],
      waits: [{ mode: "any", ids: [child] }],
      keep: [child],
    });
    await claim(one, worker, 1);
    await settle(one, worker, {
      ...{ id: child, status: "suspended", snapshot: at.snapshot },
      effects: [{ type: "await_signal", id: wait, name: "go" }],
      waits: [{ mode: "any", ids: [wait] }],
      keep: [wait],
    });
    // Both wait for the child's state; cancel() came first. So rewind_state() may not hold its own state by then.
    const begun: Promise<unknown>[] = [];
    await three.begin(async (tx) => {
      await tx`select from rhythm.workflow_state where execution_id = ${child} for update`;
      const pids = [await pidOf(one), await pidOf(two)];
      begun.push(Promise.resolve(one`select rhythm.cancel(${child}, 'race')`.execute()));
      await untilBlocked(watcher, pids[0]!);
      begun.push(Promise.resolve(two`select rhythm.rewind_state(${parent}, 1, '{"at": 0}',
      jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[${child}::uuid])), array[${child}::uuid])`
        .execute()));
      await untilBlocked(watcher, pids[1]!);
    });
    const acts = await Promise.allSettled(begun);
    assert.deepEqual(acts.map(({ status }) => status), ["fulfilled", "fulfilled"]);
    assert.equal(await statusOf(one, child), "cancelled");
  },
);

type Person = (sql: postgres.Sql, flow: string, wait: string) => Promise<unknown>;

const waits = (id: string): string => JSON.stringify([{ mode: "any", ids: [id] }]);

/** What people do. */
const people: Record<string, Person> = {
  edit: (sql, flow) => sql`select rhythm.edit_state(${flow}, 1, '{"at": 2}')`,
  rewind: (sql, flow, wait) =>
    sql.unsafe("select rhythm.rewind_state($1::uuid, 1, '{\"at\": 0}', $2::text::jsonb, array[$3]::uuid[])", [
      ...[flow, waits(wait), wait],
    ]),
  fork: async (sql, flow) => {
    const [id, wait] = [await newId(sql), await newId(sql)];
    const effects = [{ type: "await_signal", id: wait, name: "go" }];
    await sql.unsafe(
      "select rhythm.fork_state($1::uuid, $2::uuid, 1, 1, '{}', $3::text::jsonb, $4::text::jsonb)",
      [flow, id, waits(wait), JSON.stringify(effects)],
    );
  },
  migrate: async (sql, flow) => {
    const [row] =
      await sql`select rhythm.migrate('f', 2, '{"status": ["pending", "running", "suspended", "failed"]}') as id`;
    await sql`select rhythm.work_operation(${row!.id})`;
    const acts = await sql`select result from rhythm.operation_act where operation_id = ${
      row!.id
    } and execution_id = ${flow}`;
    const [state] = await sql`select change from rhythm.workflow_state where execution_id = ${flow}`;
    // A mark stands where the record says so. One that was locked is tried again with the next piece.
    assert.equal(state?.change === row!.id, acts[0]?.result === "done");
  },
};

/** What happens meanwhile. */
const others = (worker: string): Record<string, Person> => ({
  signal: (sql, flow) => sql`select rhythm.signal(${flow}, 'go', '1')`,
  cancel: (sql, flow) => sql`select rhythm.cancel(${flow}, 'race')`,
  settle: (sql, _, wait) => settle(sql, worker, { id: wait, status: "completed", output: 1 }),
});

race(
  "edit, rewind, fork, migrate beside a signal, a cancellation, the end of a task, whichever is first",
  async (arena) => {
    const [one] = arena.sessions as [postgres.Sql];
    const worker = await registerWorker(one);
    await one`select rhythm.register_flow('f', 'return 1', '{}')`;
    await one`select rhythm.register_flow('f', 'return 2', '{}')`;
    const pairs = Object.entries(people).flatMap((person) =>
      Object.entries(others(worker)).flatMap((other) =>
        [[person, other, true], [person, other, false]] as const
      )
    );
    for (const [[what, act], [beside, other], isFirst] of pairs) {
      const where = `${what} ${isFirst ? "before" : "after"} ${beside}`;
      const wait = await newId(one);
      const effects = [
        beside === "settle"
          ? { type: "run_task", id: wait, target: "t", inputs: {} }
          : { type: "await_signal", id: wait, name: "go" },
      ];
      const flow = await suspended(one, worker, { effects, mode: "any", ids: [wait] });
      if (beside === "settle") await claim(one, worker, 1);
      const does = (does: Person) => async (sql: postgres.Sql): Promise<unknown> => {
        try {
          return await does(sql, flow, wait);
        } catch (error) {
          // It came too late, and says so.
          if ((error as { code?: string }).code === "RH003" && !isFirst) return undefined;
          throw new Error(`${where}: ${error}`, { cause: error });
        }
      };
      const acts = [does(act), does(other)] as const;
      await inTurn(
        arena,
        isFirst ? { first: acts[0], second: acts[1] } : { first: acts[1], second: acts[0] },
      );
      assert.deepEqual(await violations(arena.watcher), [], where);
      // A cancelled workflow that is put back to an earlier step goes on.
      const goesOn = what === "rewind" && !isFirst;
      if (beside === "cancel" && !goesOn) assert.equal(await statusOf(one, flow), "cancelled", where);
      await one`select rhythm.cancel_many(array(select id from rhythm.execution where state = 0), 'over')`;
    }
  },
);

Deno.test({
  name: "many sessions change a few workflows at once: none deadlocks, none is lost",
  ignore: onEmbedded,
  fn: async () => {
    const [sessions, rounds] = isLong ? [20, 60] : [5, 6];
    await using arena = await openArena(sessions);
    const sql = arena.watcher;
    const worker = await registerWorker(sql);
    await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
    await sql`select rhythm.register_flow('f', 'return 2', '{}')`;
    const flows: string[] = [];
    const begin = async (): Promise<void> => {
      const wait = await newId(sql);
      const effects = [{ type: "await_signal", id: wait, name: "go" }];
      flows.push(await suspended(sql, worker, { effects, mode: "any", ids: [wait] }));
    };
    for (let nth = 0; nth < 4; nth++) await begin();
    let seed = 42;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
    const seqOf = "(select seq from rhythm.workflow_state where execution_id = $1::uuid)";
    const acts: ((id: string, wait: string) => [text: string, values: string[]])[] = [
      (id) => [`select rhythm.edit_state($1::uuid, ${seqOf}, '{"at": 2}')`, [id]],
      (id, wait) => [
        `select rhythm.rewind_state($1::uuid, ${seqOf}, '{"at": 0}', $2::text::jsonb, array[$3]::uuid[], $4::text::jsonb)`,
        [id, waits(wait), wait, JSON.stringify([{ id: wait, type: "await_signal", name: "go" }])],
      ],
      (id, wait) => [
        "select rhythm.fork_state($1::uuid, rhythm.new_id(), 1, 1, '{}', $2::text::jsonb, $3::text::jsonb)",
        [id, waits(wait), JSON.stringify([{ id: wait, type: "await_signal", name: "go" }])],
      ],
      (id) => ["select rhythm.signal($1::uuid, 'go')", [id]],
      (id) => ["select rhythm.ask($1::uuid, 'go')", [id]],
      (id) => ["select rhythm.ask($1::uuid, 'go', null, 'k')", [id]],
      (id) => ["select rhythm.pause_execution($1::uuid)", [id]],
      (id) => ["select rhythm.resume_execution($1::uuid)", [id]],
      (id) => ["select rhythm.cancel($1::uuid, 'race')", [id]],
      (id) => ["select rhythm.retry($1::uuid)", [id]],
      () => ["select rhythm.work_operation(rhythm.migrate('f', 2))", []],
      (id) => ["select rhythm.export_execution($1::uuid)", [id]],
      () => ["select rhythm.remove_gate(rhythm.set_gate('f', p_before => 'a'))", []],
    ];
    await Promise.all(arena.sessions.map(async (session) => {
      for (let round = 0; round < rounds; round++) {
        const [text, values] = acts[random(acts.length)]!(flows[random(flows.length)]!, await newId(session));
        await session.unsafe(text, values).catch((error) => {
          // What came too late says so. Nothing else may happen.
          if (error.code !== "RH003") throw new Error(`${text}: ${error}`, { cause: error });
        });
      }
    }));
    assert.deepEqual(await violations(sql), []);
    await sql`select rhythm.cancel_many(array(select id from rhythm.execution where state = 0), 'over')`;
    assert.deepEqual(await violations(sql), []);
  },
});
