import { type Benchmark, less, more, type Sample } from "../bench.ts";

/** Ten minutes of B4 in a loop: what a worker that lives long gathers. */
export const b16: Benchmark = {
  name: "B16",
  title: "ten minutes of B4 in a loop: memory, standstills, connections",
  needs: ["startSteps"],
  alone: true,
  onRequest: true,
  mostRounds: 1,
  async round(stage, { tiny, minutes, onProgress }): Promise<Sample[]> {
    const workflows = tiny ? 10 : 500;
    const began = performance.now();
    const whole = tiny ? 200 : minutes * 60_000;
    const passes: { at: number; memory: number; lag: number; connections: number }[] = [];
    let told = 0;
    await stage.worker.ask("startWorker");
    while (performance.now() - began < whole || passes.length < 3) {
      await stage.client.ask("startSteps", workflows);
      while (await stage.client.ask<number>("unfinished") > 0) await new Promise((go) => setTimeout(go, 10));
      passes.push({
        at: performance.now() - began,
        memory: await stage.worker.ask<number>("memory"),
        lag: await stage.worker.ask<number>("lag"),
        connections: await stage.workerConnections(),
      });
      const { at, memory, lag, connections } = passes.at(-1)!;
      if (at - told < 30_000) continue;
      told = at;
      const now = `${passes.length} passes, ${memory.toFixed(0)} MB, lag ${lag.toFixed(0)} ms`;
      onProgress(`B16 ${(at / 60_000).toFixed(1)} min: ${now}, ${connections} connections`);
    }
    await stage.worker.ask("stopWorker");
    const memoryAt = (share: number): number =>
      passes.find(({ at }) => at >= passes.at(-1)!.at * share)!.memory;
    const most = (pick: (pass: typeof passes[number]) => number): number => Math.max(...passes.map(pick));
    return [
      more("steps", "/s", passes.length * workflows * 10 / (passes.at(-1)!.at / 1000)),
      less("memory at the start", "MB", passes[0]!.memory),
      less("memory after a tenth", "MB", memoryAt(0.1)),
      less("memory in the middle", "MB", memoryAt(0.5)),
      less("memory at the end", "MB", memoryAt(1)),
      less("memory at most", "MB", most(({ memory }) => memory)),
      less("memory at the end to after a tenth", "", memoryAt(1) / memoryAt(0.1)),
      less("event loop lag at most", "ms", most(({ lag }) => lag)),
      less(
        "connections after a tenth",
        "",
        passes.find(({ at }) => at >= passes.at(-1)!.at * 0.1)!.connections,
      ),
      less("connections at most", "", most(({ connections }) => connections)),
    ];
  },
};
