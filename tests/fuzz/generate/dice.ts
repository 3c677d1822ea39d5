/**
 * The choices a generator makes, drawn from fast-check's random source.
 *
 * @module
 */

import type fc from "fast-check";

/** A source of small random decisions. */
export class Dice {
  #random: fc.Random;

  constructor(random: fc.Random) {
    this.#random = random;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    return this.#random.nextInt(0, limit - 1);
  }

  /** True in `percent` of all cases. */
  chance(percent: number): boolean {
    return this.#random.nextInt(0, 99) < percent;
  }

  /** One of the list's members. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A key of `weights`, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let roll = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of entries) {
      if (roll < weight) return key;
      roll -= weight;
    }
    return entries[0]![0];
  }
}
