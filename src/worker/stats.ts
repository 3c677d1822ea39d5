import { Histogram, SECONDS, SIZES } from "./histogram.ts";

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
