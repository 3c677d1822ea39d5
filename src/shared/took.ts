import { TOOK_BOUNDS_MS } from "./limits.ts";

/** Durations, counted by their size. */
export interface Took {
  /** The sum of how long they took. */
  total_ms: number;
  /** How many took up to each bound; the last number is of those that took longer. */
  readonly took: number[];
}

/** Counts a duration. */
export function countTook(counts: Took, ms: number): void {
  counts.total_ms += Math.round(ms);
  let bound = 0;
  while (bound < TOOK_BOUNDS_MS.length && ms > TOOK_BOUNDS_MS[bound]!) bound++;
  while (counts.took.length <= bound) counts.took.push(0);
  counts.took[bound]!++;
}

/** Adds counts to others. */
export function addTook(
  counts: Took,
  more: { readonly total_ms: number; readonly took: readonly number[] },
): void {
  counts.total_ms += more.total_ms;
  more.took.forEach((n, bound) => {
    while (counts.took.length <= bound) counts.took.push(0);
    counts.took[bound]! += n;
  });
}
