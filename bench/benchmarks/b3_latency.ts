import { type Benchmark, less, type Sample } from "../bench.ts";
import { percentile } from "../numbers.ts";

/** How soon an idle worker starts what comes in, and how soon the waiter sees the result. */
export const b3: Benchmark = {
  name: "B3",
  title: "idle worker: enqueue → handler starts; enqueue → result seen",
  needs: ["send"],
  alone: false,
  async round(stage, { tiny }): Promise<Sample[]> {
    const count = tiny ? 5 : 200;
    await stage.worker.ask("startWorker");
    await stage.client.ask("send", Math.min(count, 20));
    await stage.worker.ask("late", Math.min(count, 20));
    await stage.client.ask("send", count);
    const late = await stage.worker.ask<number[]>("late", count);
    const samples: Sample[] = [
      less("start p50", "ms", percentile(late, 0.5)),
      less("start p99", "ms", percentile(late, 0.99)),
    ];
    if ((await stage.client.ask<string[]>("can")).includes("roundTrips")) {
      // Its waiters look once a second.
      const trips = stage.file === "openworkflow" ? Math.min(count, 20) : count;
      const times = await stage.client.ask<number[]>("roundTrips", trips);
      samples.push(
        less("result p50", "ms", percentile(times, 0.5)),
        less("result p99", "ms", percentile(times, 0.99)),
      );
    }
    await stage.worker.ask("stopWorker");
    return samples;
  },
};
