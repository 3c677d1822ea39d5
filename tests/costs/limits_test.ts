// Rule: limits cost the same with ten and with a million waiting. `deno task bench B19` measures the million.
import assert from "node:assert/strict";
import { type Engine, openEngine } from "../../bench/session/engine.ts";
import { Session } from "../../bench/session/session.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";

const KEY = "case when n > 5 and n <= 5000 then 'large' else 'k' || n % 500 end";

/** What `configure_queue` is told, and the keys of the tasks. */
const QUEUES: Readonly<Record<string, { limits: string; key?: string }>> = {
  concurrency: { limits: "concurrency => 1000" },
  rate: { limits: "rate => 1000000, per => '1h'" },
  "per key": { limits: "per_key_concurrency => 3", key: KEY },
  fair: { limits: "fair => 'key'", key: KEY },
};

/** Queues that break the rule today. Whoever mends one takes it out. */
const KNOWN: readonly string[] = ["concurrency", "rate", "per key", "fair"];

/** Below this, in milliseconds of the server's processor, no claim is dear. */
const FLOOR_MS = 5;

for (const [name, { limits, key }] of Object.entries(QUEUES)) {
  Deno.test({
    name: `a claim from a queue with limits costs the same with 50,000 waiting as with 10: ${name}`,
    ignore: onEmbedded,
    fn: async () => {
      await using test = await freshDatabase();
      const session = await Session.open(test.url);
      try {
        const parameter = limits.split(" ")[0]!;
        const [known] = await session.sql`
          select from pg_proc where proname = 'configure_queue' and pronamespace = 'rhythm'::regnamespace and ${parameter} = any (proargnames)`;
        if (known === undefined) return;
        const costs: number[] = [];
        for (const count of [10, 50_000]) {
          const queue = `waiting_${count}`;
          await session.sql.unsafe(`select rhythm.configure_queue('${queue}', ${limits})`);
          const engine = await openEngine(session, queue);
          await engine.create({ count, queue, ...(key === undefined ? {} : { key }) });
          costs.push(await cheapestClaim(engine));
        }
        const [few, many] = costs as [number, number];
        console.log(`${name}: ${few.toFixed(2)} ms with 10 waiting, ${many.toFixed(2)} with 50,000`);
        const isKept = many <= Math.max(few * 5, FLOOR_MS);
        assert.ok(isKept || KNOWN.includes(name), `${many} ms against ${few}`);
      } finally {
        await session.close();
      }
    },
  });
}

// Claims of one, each held: the next has to find the next.
async function cheapestClaim(engine: Engine): Promise<number> {
  let least = Infinity;
  for (let n = 0; n < 5; n++) {
    const began = performance.now();
    const { cpuSeconds } = await engine.session.used(async () => {
      assert.equal((await engine.next([], 1)).length, 1);
    });
    const ms = Number.isNaN(cpuSeconds) ? performance.now() - began : cpuSeconds * 1e3;
    least = Math.min(least, ms);
  }
  return least;
}
