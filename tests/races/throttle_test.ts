// Debounced and throttled starts from two and twenty sessions at once.
import assert from "node:assert/strict";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settleMany, violations } from "./support/sessions.ts";

for (const count of [2, 20]) {
  Deno.test({
    name: `throttle: ${count} sessions never start more than the limit in any window`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { watcher } = arena;
      const end = performance.now() + 1_500;
      await Promise.all(arena.sessions.map(async (session, nth) => {
        for (let turn = nth; performance.now() < end; turn++) {
          const target = turn % 2 === 0 ? "drop" : "delay";
          const throttle = { key: "k", limit: 5, per: 0.3, else: target };
          await session`select rhythm.queue(${target}, throttle => ${JSON.stringify(throttle)}::text::jsonb)`;
        }
      }));
      // A start counts from when it may run.
      const delayed =
        (await watcher`select e.run_at::text as at, extract(epoch from e.run_at)::float8 as s from rhythm.execution as e
        where e.target = 'delay' and e.run_at is not null order by e.run_at`).map((row) => row.s as number);
      assert.ok(delayed.length > 20, `${delayed.length} are delayed`);
      for (let nth = 5; nth < delayed.length; nth++) {
        assert.ok(delayed[nth]! - delayed[nth - 5]! > 0.2999, "six in a window");
      }
      const dropped =
        (await watcher`select extract(epoch from rhythm.created_at(e.id))::float8 as s from rhythm.execution as e
        where e.target = 'drop' order by e.id`).map((row) => row.s as number);
      assert.ok(
        dropped.length <= 5 * Math.ceil(1_500 / 300 + 2),
        `${dropped.length} began in a second and a half`,
      );
      assert.ok(dropped.length >= 10, `only ${dropped.length} began`);
      assert.deepEqual(await violations(watcher), []);
    },
  });

  Deno.test({
    name: `debounce: of what ${count} sessions start, nothing is lost and nothing comes twice`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { watcher } = arena;
      const given: string[] = [];
      let [timed, late] = [0, 0];
      const seen: string[] = [];
      const end = performance.now() + 2_000;
      const take = async (worker: string, session: typeof watcher): Promise<void> => {
        const rows = await claim(session, worker, 10);
        for (const row of rows) seen.push(...(row.inputs as unknown as { v: string }[]).map(({ v }) => v));
        // What another session has locked is sent again, as a worker does.
        for (let ends = rows.map(({ id, call }) => ({ id, call, status: "completed", output: null }));;) {
          const { declined } = await settleMany(session, worker, ends);
          if (declined.length === 0) return;
          ends = ends.filter(({ id }) => declined.includes(id));
        }
      };
      await Promise.all(arena.sessions.map(async (session, nth) => {
        const worker = await registerWorker(session);
        for (let turn = 0; performance.now() < end; turn++) {
          if (nth % 2 === 0 || turn % 5 > 0) {
            const v = `${nth}.${turn}`;
            const debounce = { key: `k${turn % 3}`, delay: 0.02, max_delay: 0.1, inputs: "all" };
            await session`select rhythm.queue('a', ${JSON.stringify({ v })}::text::jsonb, debounce => ${
              JSON.stringify(debounce)
            }::text::jsonb)`;
            given.push(v);
            const [row] = await session`
              select count(*)::integer as timed, count(*) filter (where e.run_at > rhythm.created_at(e.id) + interval '110 milliseconds')::integer as late
              from rhythm.execution as e where e.run_at is not null`;
            timed += row!.timed;
            late += row!.late;
          } else {
            await session`select rhythm.due()`;
            await take(worker, session);
          }
        }
      }));
      const worker = await registerWorker(watcher);
      for (let left = 1, tries = 0; left > 0; tries++) {
        assert.ok(tries < 2_000, `${left} never end`);
        await watcher`select rhythm.due()`;
        await take(worker, watcher);
        const [row] = await watcher`select count(*)::integer as left from rhythm.execution where state = 0`;
        left = row!.left;
      }
      assert.deepEqual(seen.toSorted(), given.toSorted());
      const [row] = await watcher`select count(*)::integer as n from rhythm.execution`;
      assert.ok(row!.n < given.length, `${row!.n} of ${given.length}`);
      assert.ok(timed > 20, `only ${timed} were looked at`);
      assert.equal(late, 0, "begin later than their longest delay");
      assert.deepEqual(await violations(watcher), []);
    },
  });
}
