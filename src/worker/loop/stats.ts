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
  /** Handlers, from start to end, in seconds. */
  readonly taskSeconds: Histogram = new Histogram(SECONDS);
  /** How often each kind of outcome was settled. */
  readonly outcomes: Map<string, number> = new Map();
  /** Outcomes that the engine refused. */
  refused = 0;
  /** Handlers that run on after their run was stopped. */
  strays = 0;

  /** Counts an outcome. */
  count(status: string): void {
    this.outcomes.set(status, (this.outcomes.get(status) ?? 0) + 1);
  }
}
