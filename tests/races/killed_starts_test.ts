// Starts with a key whose session is killed before it commits, while others wait for the key: nothing of them is left.
import assert from "node:assert/strict";
import { onEmbedded } from "../support/database.ts";
import { until } from "../support/until.ts";
import { openArena, pidOf, untilBlocked, violations } from "./support/sessions.ts";

const KINDS: Readonly<Record<string, { option: "unique_by" | "debounce" | "throttle"; value: object }>> = {
  "unique while queued": { option: "unique_by", value: { key: "k", while: "queued" } },
  "unique while active": { option: "unique_by", value: { key: "k", while: "active" } },
  "unique while kept": { option: "unique_by", value: { key: "k", while: "kept" } },
  "unique for a time": { option: "unique_by", value: { key: "k", while: "1h" } },
  "debounce, the last inputs": { option: "debounce", value: { key: "k", delay: "1h", max_delay: "2h" } },
  "debounce, all inputs": { option: "debounce", value: { key: "k", delay: "1h", inputs: "all" } },
  "throttle, drop": { option: "throttle", value: { key: "k", limit: 1, per: "1h" } },
  "throttle, delay": { option: "throttle", value: { key: "k", limit: 1, per: "1h", else: "delay" } },
};

for (const [kind, { option, value }] of Object.entries(KINDS)) {
  for (const count of [2, 20]) {
    Deno.test({
      name: `${kind}: of ${count} sessions one is killed while the others wait for it; it leaves nothing`,
      ignore: onEmbedded,
      fn: async () => {
        await using arena = await openArena(count);
        const { watcher } = arena;
        const [first, ...others] = arena.sessions as [typeof watcher, ...(typeof watcher)[]];
        const text = (n: number): string =>
          `select rhythm.queue('a', '{"n": ${n}}', ${option} => '${JSON.stringify(value)}') as id`;
        const pids = await Promise.all(others.map((session) => pidOf(session)));
        const lost = (await watcher`select rhythm.new_id() as id`)[0]!.id as string;
        const pid = await pidOf(first);
        const killed = assert.rejects(
          first.unsafe(`begin; ${text(0).replace(") as id", `, id => '${lost}')`)}; select pg_sleep(600)`)
            .execute(),
          { code: /^(57P01|CONNECTION_CLOSED)$/ },
        );
        await until(async () => {
          const [row] = await watcher`select wait_event from pg_stat_activity where pid = ${pid}`;
          return row?.wait_event === "PgSleep";
        }, "the first has started, and not committed");
        const waiting = others.map(async (session, nth) => {
          return (await session.unsafe(text(nth + 1)))[0]!.id as string;
        });
        for (const waits of pids) await untilBlocked(watcher, waits);
        await watcher`select pg_terminate_backend(${pid})`;
        await killed;
        const ids = await Promise.all(waiting);
        const rows = await watcher`
          select e.id, e.inputs, e.run_at > rhythm.now() + interval '30 minutes' as is_late from rhythm.execution as e order by e.id`;
        assert.ok(!ids.includes(lost), "somebody was given the one that is not there");
        assert.deepEqual(
          rows.map(({ id }) => id).toSorted(),
          [...new Set(ids)].toSorted(),
          "there is what was given, and nothing else",
        );
        const delays = kind === "throttle, delay";
        assert.equal(rows.length, delays ? others.length : 1);
        if (delays) {
          assert.equal(rows.filter(({ is_late }) => is_late !== true).length, 1, "one may run at once");
        }
        if (kind === "throttle, drop") assert.notEqual(rows[0]!.is_late, true);
        if (kind === "debounce, all inputs") {
          const all = (rows[0]!.inputs as { n: number }[]).map(({ n }) => n).toSorted((a, b) => a - b);
          assert.deepEqual(all, others.map((_, nth) => nth + 1));
        }
        assert.deepEqual(await violations(watcher), []);
      },
    });
  }
}
