import { type Benchmark, less, more, type Sample } from "../bench.ts";

/** One workflow that starts over again and again: does it stay as small and as quick as it was? */
export const b23: Benchmark = {
  name: "B23",
  title: "one flow that starts over 20,000 times",
  needs: ["endless"],
  alone: true,
  onRequest: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const rounds = tiny ? 200 : 20_000;
    const samples = await stage.worker.ask<{ at: number; rows: number; bytes: number; heap: number }[]>(
      "endless",
      rounds,
    );
    const last = samples.length - 1;
    onProgress(
      `B23 ${stage.file}: ${rounds} rounds in ${((samples[last]!.at - samples[0]!.at) / 1000).toFixed(1)} s`,
    );
    // The first tenth warms up.
    const [first, end] = [samples[1]!, samples[last]!];
    return [
      more("rounds", "/s", rounds / (end.at - samples[0]!.at) * 1_000),
      less("last tenth to the second", "", (end.at - samples[last - 1]!.at) / (samples[2]!.at - first.at)),
      less("rows, end to the first tenth", "", end.rows / first.rows),
      less("size of the tables, end to the first tenth", "", end.bytes / first.bytes),
      less("the worker's heap, end to the first tenth", "", end.heap / first.heap),
    ];
  },
};
