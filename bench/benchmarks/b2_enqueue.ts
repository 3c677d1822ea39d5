import { type Benchmark, less, more, type Sample } from "../bench.ts";
import { queueLength } from "./drained.ts";

/** A client queues in bulk while nobody works. */
export const b2: Benchmark = {
  name: "B2",
  title: "enqueue 20,000 in bulk",
  needs: ["enqueue"],
  alone: false,
  async round(stage, size): Promise<Sample[]> {
    const count = queueLength(stage, size);
    const cpu = await stage.client.ask<number>("cpu");
    const { result, counters } = await stage.counted(() => stage.client.ask<number>("enqueue", count));
    const clientCpu = await stage.client.ask<number>("cpu") - cpu;
    await stage.worker.ask("drain", count);
    return [
      more("tasks", "/s", count / result),
      less("WAL per task", "B", counters.walBytes / count),
      less("server CPU per task", "µs", counters.cpuSeconds / count * 1e6),
      less("client CPU per task", "µs", clientCpu / count * 1e6),
    ];
  },
};
