import type { ExecutionType } from "../../define/mod.ts";
import type { Outcome } from "../engine/engine.ts";

/** Counts values by size; cheap enough for every batch. */
export class Histogram {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** How many values fell under each bound and above the one before; the last one has no bound. */
  readonly counts: Float64Array;
  /** The sum of all values. */
  sum = 0;

  /** @param bounds upper bounds, ascending */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts one value. */
  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
  }
}

/** Bounds for round trips and handlers, in seconds. */
export const SECONDS: readonly number[] = [
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/** Bounds for batch sizes. */
export const SIZES: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** What a worker counts of itself. */
export class WorkerStats {
  /** Round trips of claims that found something, in seconds. */
  readonly claimSeconds: Histogram = new Histogram(SECONDS);
  /** Round trips of settles, in seconds. */
  readonly settleSeconds: Histogram = new Histogram(SECONDS);
  /** Executions a claim found. */
  readonly claimSizes: Histogram = new Histogram(SIZES);
  /** Outcomes a settle carried. */
  readonly settleSizes: Histogram = new Histogram(SIZES);
  /** The results of attempts, by kind and name. */
  readonly names: Readonly<Record<ExecutionType, Map<string, NameStats>>> = {
    task: new Map(),
    workflow: new Map(),
  };
  /** Outcomes that the engine refused. */
  refused = 0;
  /** Handlers that run on after their run was stopped. */
  strays = 0;

  /**
   * Counts an outcome that was settled.
   *
   * @param kind of a task or a workflow
   * @param name its name
   * @param outcome what it is, and whether the execution is over with it
   */
  count(
    kind: ExecutionType,
    name: string,
    { status, isOver }: { status: Outcome["status"]; isOver: boolean },
  ): void {
    const stats = this.of(kind, name);
    // A workflow that waits, or starts over, goes on in the same attempt.
    if (status === "suspended" || status === "continued") return void stats.waits++;
    stats.attempts[status]++;
    if (isOver && status !== "released") stats.ends[status]++;
  }

  /** What is counted under a name. Names beyond the first 200 of a kind share an entry, so that metrics stay bounded. */
  of(kind: ExecutionType, name: string): NameStats {
    const names = this.names[kind];
    let stats = names.get(name);
    if (stats === undefined) {
      if (names.size >= MOST_NAMES && name !== OTHER_NAMES) return this.of(kind, OTHER_NAMES);
      names.set(name, stats = newStats());
    }
    return stats;
  }
}

/** What a worker counts of one task or workflow. */
export interface NameStats {
  /** Attempts by outcome. */
  readonly attempts: Record<"completed" | "failed" | "cancelled" | "released", number>;
  /** Executions that are over by outcome. */
  readonly ends: Record<"completed" | "failed" | "cancelled", number>;
  /** How often a workflow began to wait. */
  waits: number;
  /** Handlers of a task, from start to end, in seconds. */
  readonly seconds: Histogram;
  /** Executions that a call of a handler of batches got. */
  readonly batches: Histogram;
}

/** What names are called that have no entry of their own. */
export const OTHER_NAMES = "(other)";

/** So many names of a kind have an entry of their own. */
export const MOST_NAMES = 200;

function newStats(): NameStats {
  return {
    attempts: { completed: 0, failed: 0, cancelled: 0, released: 0 },
    ends: { completed: 0, failed: 0, cancelled: 0 },
    waits: 0,
    seconds: new Histogram(SECONDS),
    batches: new Histogram(SIZES),
  };
}
