import { type Benchmark, less, type Sample } from "../bench.ts";
import type { PeerProcess } from "../process.ts";

/** Nothing to do: what does it cost? */
export const b13: Benchmark = {
  name: "B13",
  title: "1,000 queues, 10 idle workers",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny }): Promise<Sample[]> {
    const workers: PeerProcess[] = [stage.worker];
    while (workers.length < (tiny ? 2 : 10)) workers.push(await stage.anotherWorker());
    await Promise.all(workers.map((worker) => worker.ask("startIdle", tiny ? 10 : 1_000)));
    const seconds = tiny ? 0.5 : 30;
    // The first looks come quickly; what counts is the rest.
    await new Promise((go) => setTimeout(go, tiny ? 100 : 20_000));
    const cpu = async (): Promise<number> =>
      (await Promise.all(workers.map((worker) => worker.ask<number>("cpu")))).reduce(
        (sum, one) => sum + one,
        0,
      );
    const before = await cpu();
    const { counters } = await stage.counted(() => new Promise((go) => setTimeout(go, seconds * 1_000)));
    const after = await cpu();
    await Promise.all(workers.map((worker) => worker.ask("stopWorker")));
    await Promise.all(workers.slice(1).map((worker) => worker.stop()));
    return [
      less("server", "% of a core", counters.cpuSeconds / seconds * 100),
      less("each worker", "% of a core", (after - before) / workers.length / seconds * 100),
      less("commits", "/s", counters.commits / seconds),
      less("WAL", "B/s", counters.walBytes / seconds),
    ];
  },
};
