import type { Benchmark, Sample } from "../bench.ts";
import { drained, queueLength } from "./drained.ts";

/** One worker drains what is queued. */
export const b1: Benchmark = {
  name: "B1",
  title: "drain 20,000 queued no-op tasks, one worker",
  needs: ["enqueue"],
  alone: false,
  async round(stage, size): Promise<Sample[]> {
    const count = queueLength(stage, size);
    await stage.client.ask("enqueue", count);
    return await drained(stage, "task", count);
  },
};
