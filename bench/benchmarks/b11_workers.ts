import { type Benchmark, less, more, type Sample } from "../bench.ts";
import type { PeerProcess } from "../process.ts";
import { together } from "./together.ts";

/** Many workers on one queue: does what they cost each other show? Each has worked once before it is measured. */
export const b11: Benchmark = {
  name: "B11",
  title: "1, 2, 4, 8 and 16 worker processes on one queue of 40,000 tasks",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 3,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const [few, count] = tiny ? [50, 200] : [4_000, 40_000];
    const workers: PeerProcess[] = [stage.worker];
    const speeds: number[] = [];
    let connections = 0;
    for (const wanted of tiny ? [1, 2] : [1, 2, 4, 8, 16]) {
      while (workers.length < wanted) workers.push(await stage.anotherWorker());
      await stage.client.ask("enqueue", few);
      await together(stage, workers);
      await stage.client.ask("enqueue", count);
      const took = await together(stage, workers);
      speeds.push(count / took.seconds);
      connections = Math.max(connections, took.connections);
      onProgress(`B11 ${wanted} worker(s): ${speeds.at(-1)!.toFixed(0)} /s`);
    }
    await Promise.all(workers.slice(1).map((worker) => worker.stop()));
    return [
      ...speeds.map((speed, index): Sample => more(`${2 ** index} worker(s)`, "/s", speed)),
      more("slowest to best", "", Math.min(...speeds) / Math.max(...speeds)),
      less("connections a worker", "", connections),
    ];
  },
};
