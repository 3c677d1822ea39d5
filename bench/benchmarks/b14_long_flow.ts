import { type Benchmark, less, more, type Sample } from "../bench.ts";

/** One workflow of many steps: is the last as quick as the first? */
export const b14: Benchmark = {
  name: "B14",
  title: "10,000 sequential steps in one flow",
  needs: ["startSteps"],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny }): Promise<Sample[]> {
    const steps = tiny ? 100 : 10_000;
    const part = steps / 10;
    await stage.worker.ask("longFlow", tiny ? 10 : 500);
    const begun = await stage.worker.ask<number[]>("longFlow", steps);
    const first = begun[part]! - begun[0]!;
    const last = begun.at(-1)! - begun.at(-1 - part)!;
    return [
      more("steps", "/s", steps / (begun.at(-1)! - begun[0]!) * 1_000),
      less("last tenth to the first", "", last / first),
    ];
  },
};
