import { type Benchmark, less, type Sample } from "../bench.ts";
import { percentile } from "../numbers.ts";

/** From a signal to the result of the workflow that waited for it. */
export const b7: Benchmark = {
  name: "B7",
  title: "signal → waiting workflow's result seen",
  needs: ["signals"],
  alone: false,
  async round(stage, { tiny }): Promise<Sample[]> {
    await stage.worker.ask("startWorker");
    await stage.client.ask("signals", 5);
    const times = await stage.client.ask<number[]>("signals", tiny ? 5 : 100);
    await stage.worker.ask("stopWorker");
    return [less("p50", "ms", percentile(times, 0.5)), less("p95", "ms", percentile(times, 0.95))];
  },
};
