import type { Benchmark, Sample } from "../bench.ts";
import { drained } from "./drained.ts";

/** Workflows of sequential steps, each a result to keep before the next begins. */
export const b4: Benchmark = {
  name: "B4",
  title: "500 workflows × 10 sequential steps, one worker",
  needs: ["startSteps"],
  alone: false,
  async round(stage, { tiny }): Promise<Sample[]> {
    const workflows = tiny ? 10 : 500;
    await stage.client.ask("startSteps", workflows);
    return await drained(stage, "step", workflows * 10);
  },
};
