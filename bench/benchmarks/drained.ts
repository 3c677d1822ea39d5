import { less, more, type Sample, type Stage } from "../bench.ts";
import type { Drained } from "../host.ts";

/** Lets the worker do what is queued; gives the figures of it per unit of work. */
export async function drained(stage: Stage, unit: "task" | "step", count: number): Promise<Sample[]> {
  const { result, counters } = await stage.counted(() => stage.worker.ask<Drained>("drain", count));
  const samples = [
    more(`${unit}s`, "/s", count / result.seconds),
    less(`WAL per ${unit}`, "B", counters.walBytes / count),
    less(`commits per 1,000 ${unit}s`, "", counters.commits / count * 1_000),
    less(`server CPU per ${unit}`, "µs", counters.cpuSeconds / count * 1e6),
    less(`worker CPU per ${unit}`, "µs", result.cpuSeconds / count * 1e6),
    less("worker memory", "MB", result.memoryMb),
  ];
  return result.lagMs === null ? samples : [...samples, less("event loop lag", "ms", result.lagMs)];
}
