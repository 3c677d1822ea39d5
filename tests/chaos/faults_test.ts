// Everything that can be taken away is taken away, at random, while work goes on; then nothing is lost or done twice.
// RHYTHM_CHAOS_SECONDS=600 makes it last longer, RHYTHM_TEST_SEED=7 repeats its dice.
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import postgres from "postgres";
import { Rhythm } from "../../mod.ts";
import { onEmbedded, privateCluster } from "../support/database.ts";
import { Herd } from "./support/herd.ts";
import { checkEnds, insist, mixedLoad } from "./support/load.ts";
import { startProxy } from "./support/proxy.ts";
import { testSeed } from "../support/seed.ts";

const seconds = Number(Deno.env.get("RHYTHM_CHAOS_SECONDS") ?? 25);
const flows = [new URL("./support/flows", import.meta.url)];

function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

Deno.test({
  name: "200 workflows of all kinds end right, while workers, connections and the server die at random",
  ignore: onEmbedded,
  fn: async () => {
    console.log(`chaos: seed ${testSeed}, ${seconds} s`);
    const roll = dice(testSeed);
    const cluster = await privateCluster();
    await using proxy = startProxy(cluster.port);
    const through = cluster.url.replace(`:${cluster.port}`, `:${proxy.port}`);
    const sql = postgres(cluster.url, { max: 2, onnotice: () => {} });
    try {
      await sql`create table booked (execution uuid, workflow integer, step text)`;
      await using rhythm = await Rhythm.init({ databaseUrl: cluster.url, flows, log: { level: "silent" } });
      await using herd = new Herd({ databaseUrl: through });
      for (let n = 0; n < 3; n++) herd.start();

      const load = mixedLoad(200);
      const done = { kills: 0, restarts: 0 };
      const ids: string[] = [];

      const produce = async (): Promise<void> => {
        for (const [n, { request, signals }] of load.entries()) {
          const run = await insist(() => rhythm.executions.create(request));
          ids.push(run.id);
          for (const [nth, payload] of signals.entries()) {
            await insist(() =>
              rhythm.signals.send({ execution: run, name: "go", payload }, { idempotencyKey: `${n}/${nth}` })
            );
          }
          await pause((seconds * 600) / load.length);
        }
      };
      const destroy = async (): Promise<void> => {
        const until = performance.now() + seconds * 1_000;
        const isMissing = (): boolean => done.kills * done.restarts * proxy.cuts === 0;
        let restartAt = performance.now() + seconds * 300;
        while (performance.now() < until || isMissing()) {
          await pause(500 + 1_500 * roll());
          if (performance.now() > restartAt) {
            restartAt = performance.now() + seconds * 350;
            await cluster.restart("immediate");
            done.restarts++;
          } else if (roll() < 0.4) proxy.cut();
          else {
            await herd.replace(herd.alive[Math.floor(roll() * herd.alive.length)]!);
            done.kills++;
          }
        }
      };
      await Promise.all([produce(), destroy()]);
      const ends = await Promise.all(
        ids.map((id) => insist(() => rhythm.executions.wait(id, { timeout: "10m" }))),
      );
      same(ends.length, 200);
      await checkEnds(rhythm, sql, { load, ids });
      console.log(`chaos: ${done.kills} kills, ${done.restarts} restarts, ${proxy.cuts} connections cut`);
      same(done.kills > 0 && done.restarts > 0 && proxy.cuts > 0, true, JSON.stringify(done));
      equal(new Set(await herd.stop()), new Set([0]));
    } finally {
      await sql.end();
      await cluster.stop();
    }
  },
});

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
