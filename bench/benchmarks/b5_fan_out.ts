import { type Benchmark, less, type Sample } from "../bench.ts";

/** One workflow awaits many children. */
export const b5: Benchmark = {
  name: "B5",
  title: "one parent awaits 1,000 children",
  needs: ["fanOut"],
  alone: false,
  async round(stage, { tiny }): Promise<Sample[]> {
    const children = tiny ? 20 : 1_000;
    await stage.worker.ask("startWorker");
    await stage.client.ask("fanOut", Math.min(children, 50));
    const { result, counters } = await stage.counted(() => stage.client.ask<number>("fanOut", children));
    await stage.worker.ask("stopWorker");
    return [less("until the result", "s", result), less("WAL per child", "B", counters.walBytes / children)];
  },
};
