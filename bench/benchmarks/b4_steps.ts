import { type Benchmark, more, type Sample, type Stage } from "../bench.ts";
import type { PeerProcess } from "../process.ts";
import { drained } from "./drained.ts";
import { together } from "./together.ts";

const seconds = new WeakMap<Stage, PeerProcess>();

/** Workflows of sequential steps, each a result to keep before the next begins. Rhythm also with two workers. */
export const b4: Benchmark = {
  name: "B4",
  title: "500 workflows × 10 sequential steps, one worker",
  needs: ["startSteps"],
  alone: false,
  async round(stage, { tiny }): Promise<Sample[]> {
    const workflows = tiny ? 10 : 500;
    await stage.client.ask("startSteps", workflows);
    const samples = await drained(stage, "step", workflows * 10);
    if (!stage.file.startsWith("rhythm")) return samples;
    const second = seconds.get(stage) ?? await stage.anotherWorker();
    seconds.set(stage, second);
    await stage.client.ask("startSteps", workflows);
    const speed = workflows * 10 / (await together(stage, [stage.worker, second])).seconds;
    return [
      ...samples,
      more("two workers", "/s", speed),
      more("two workers to one", "", speed / samples[0]!.value),
    ];
  },
};
