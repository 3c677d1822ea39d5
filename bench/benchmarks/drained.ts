import { less, more, type Sample, type Stage } from "../bench.ts";
import { spread } from "../numbers.ts";
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

/** How drains go that are compared with others. */
export interface Drains {
  /** Tasks of each. */
  readonly count: number;
  /** How many; the figure is the median of the last three. */
  readonly times: number;
  /** Told the speed of each. */
  readonly tell: (speed: number) => void;
}

/** Drains what it queues, several times; gives tasks a second. */
export async function drains(stage: Stage, { count, times, tell }: Drains): Promise<number> {
  const speeds: number[] = [];
  for (let n = 0; n < times; n++) {
    await stage.client.ask("enqueue", count);
    speeds.push(count / (await stage.worker.ask<Drained>("drain", count)).seconds);
    tell(speeds.at(-1)!);
  }
  return spread(speeds.slice(-3)).median;
}
