import type { Benchmark, Sample } from "../bench.ts";
import { drained } from "./drained.ts";

/** One worker drains what is queued. */
export const b1: Benchmark = {
  name: "B1",
  title: "drain 20,000 queued no-op tasks, one worker",
  needs: ["enqueue"],
  alone: false,
  async round(stage, { tiny }): Promise<Sample[]> {
    const count = tiny ? 200 : 20_000;
    await stage.client.ask("enqueue", count);
    return await drained(stage, "task", count);
  },
};
