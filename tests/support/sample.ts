/**
 * A part of many cases in each run.
 *
 * @module
 */
import { isLong } from "./long.ts";
import { testSeed } from "./seed.ts";

let turn = testSeed;

/**
 * Some of the values, other ones at each call, so that all of them have their turn somewhere. `--long` takes all.
 *
 * @param all the values
 * @param count about how many
 */
export function* someOf<T>(all: readonly T[], count: number): Generator<T> {
  const step = isLong ? 1 : Math.ceil(all.length / count);
  for (let at = turn++ % step; at < all.length; at += step) yield all[at]!;
}
