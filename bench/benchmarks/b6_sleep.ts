import { type Benchmark, less, type Sample } from "../bench.ts";
import { percentile } from "../numbers.ts";

/** Many workflows sleep; how late do they wake? */
export const b6: Benchmark = {
  name: "B6",
  title: "2,000 workflows sleep 3 s: lateness",
  needs: ["sleepers"],
  alone: false,
  async round(stage, { tiny }): Promise<Sample[]> {
    const [count, ms] = tiny ? [20, 300] : [2_000, 3_000];
    await stage.worker.ask("startWorker");
    const late = await stage.client.ask<number[]>("sleepers", count, ms);
    await stage.worker.ask("stopWorker");
    return [
      less("p50", "ms", percentile(late, 0.5)),
      less("p99", "ms", percentile(late, 0.99)),
      less("woken early", "", late.filter((value) => value < 0).length),
    ];
  },
};
