import { type Benchmark, more, type Sample, type Stage } from "../bench.ts";
import type { PeerProcess } from "../process.ts";
import { drained } from "./drained.ts";
import { running } from "./together.ts";

const seconds = new WeakMap<Stage, PeerProcess>();

/**
 * Workflows of sequential steps, each a result to keep before the next begins. Rhythm also with one and with two workers
 * that run already.
 */
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
    const fill = (): Promise<unknown> => stage.client.ask("startSteps", workflows);
    const one = await running(stage, [stage.worker], fill);
    const two = await running(stage, [stage.worker, second], fill);
    const speed = workflows * 10 / two.seconds;
    return [
      ...samples,
      more("two workers", "/s", speed),
      more("two workers to one", "", one.seconds / two.seconds),
    ];
  },
};
