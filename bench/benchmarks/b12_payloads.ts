import { type Benchmark, less, type Sample } from "../bench.ts";

/** What large inputs and outputs cost to write. */
export const b12: Benchmark = {
  name: "B12",
  title: "inputs and outputs of 1, 10 and 100 KB: bytes written to bytes of payload",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 3,
  async round(stage, { tiny }): Promise<Sample[]> {
    // Whatever a worker writes when it first begins is no payload.
    await stage.client.ask("enqueueEcho", 10, 1_000);
    await stage.worker.ask("drain", 10);
    const samples: Sample[] = [];
    for (const [bytes, full] of [[1_000, 2_000], [10_000, 500], [100_000, 100]] as const) {
      const count = tiny ? 10 : full;
      const { counters } = await stage.counted(async () => {
        await stage.client.ask("enqueueEcho", count, bytes);
        await stage.worker.ask("drain", count);
      });
      samples.push(less(`${bytes / 1_000} KB`, "×", counters.walBytes / (count * bytes * 2)));
    }
    return samples;
  },
};
