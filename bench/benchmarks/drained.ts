import { less, more, type Sample, type Size, type Stage } from "../bench.ts";
import { spread } from "../numbers.ts";
import type { Drained } from "../host.ts";

/** How many tasks a peer queues: OpenWorkflow a tenth, as it does a few hundred a second, fewer the more there are. */
export function queueLength(stage: Stage, { tiny }: Size): number {
  if (tiny) return 200;
  return stage.file === "openworkflow" ? 2_000 : 20_000;
}

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
  /** How many; the figures are medians of the last three. */
  readonly times: number;
  /** Told the speed of each. */
  readonly tell: (speed: number) => void;
}

/** How they went. */
export interface DrainsTook {
  /** Tasks a second. */
  readonly speed: number;
  /** Processor time of the server for each task, in microseconds: it moves less with what else the machine does. */
  readonly serverMicros: number;
}

/** Drains what it queues, several times. */
export async function drains(stage: Stage, { count, times, tell }: Drains): Promise<DrainsTook> {
  const speeds: number[] = [];
  const micros: number[] = [];
  for (let n = 0; n < times; n++) {
    await stage.client.ask("enqueue", count);
    const { result, counters } = await stage.counted(() => stage.worker.ask<Drained>("drain", count));
    speeds.push(count / result.seconds);
    micros.push(counters.cpuSeconds / count * 1e6);
    tell(speeds.at(-1)!);
  }
  return { speed: spread(speeds.slice(-3)).median, serverMicros: spread(micros.slice(-3)).median };
}
