import { type Benchmark, less, more, type Sample } from "../bench.ts";
import type { PeerProcess } from "../process.ts";

/** Many workers on one queue: does what they cost each other show? */
export const b11: Benchmark = {
  name: "B11",
  title: "1, 2, 4, 8 and 16 worker processes on one queue",
  needs: ["enqueue"],
  alone: true,
  async round(stage, { tiny }): Promise<Sample[]> {
    const count = tiny ? 200 : 20_000;
    const workers: PeerProcess[] = [stage.worker];
    const speeds: number[] = [];
    let connections = 0;
    for (const wanted of tiny ? [1, 2] : [1, 2, 4, 8, 16]) {
      while (workers.length < wanted) workers.push(await stage.anotherWorker());
      await stage.client.ask("enqueue", count);
      const began = performance.now();
      await Promise.all(workers.map((worker) => worker.ask("startWorker")));
      while (await stage.client.ask<number>("unfinished") > 0) await new Promise((go) => setTimeout(go, 5));
      speeds.push(count / (performance.now() - began) * 1000);
      const [row] = await stage.place.sql<{ open: number }[]>`
        select count(*)::int as open from pg_stat_activity
        where datname = ${new URL(stage.url).pathname.slice(1)} and application_name = 'rhythm worker'`;
      connections = Math.max(connections, row!.open / wanted);
      await Promise.all(workers.map((worker) => worker.ask("stopWorker")));
    }
    const best = Math.max(...speeds);
    return [
      ...speeds.map((speed, index): Sample => more(`${2 ** index} worker(s)`, "/s", speed)),
      more("slowest to best", "", Math.min(...speeds) / best),
      less("connections a worker", "", connections),
    ];
  },
};
