/** How near a worker is to falling asleep: what its last looks for work found, and what it heard meanwhile. */
export class Drowsiness {
  readonly #longestMs: number;
  #empty = 0;
  #isDrained = false;
  #isCalled = false;

  /** @param longestMs the pause that is not exceeded */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /**
   * How to look next. A look that may find nothing says so, and that a sleeper is about then: from its commit on
   * producers wake it.
   */
  get mood(): "awake" | "dozing" {
    return this.#empty > 0 || this.#isDrained ? "dozing" : "awake";
  }

  /** Hears that there may be work, even if another session holds it for a moment: the next pauses are short ones. */
  call(): void {
    this.#isCalled = true;
  }

  /**
   * Learns what a look found.
   *
   * @param found how much
   * @param room how much it might have been
   * @returns how long to sleep before the next look, in milliseconds; 0: not at all
   */
  afterLook(found: number, room: number): number {
    if (this.#isCalled) this.#empty = Math.min(this.#empty, 1);
    this.#isCalled = false;
    const said = this.mood === "dozing" ? 1 : 0;
    this.#empty = found > 0 ? 0 : Math.max(this.#empty, said) + 1;
    this.#isDrained = found > 0 && found < room;
    return this.#empty > 1 ? pauseAfter(this.#empty - 1, this.#longestMs) : 0;
  }
}

/**
 * How long to sleep after the n-th empty look in a row. The first ones come quickly: they catch a producer that looked
 * for sleepers before this worker was one, and committed after it looked last; and a row that somebody else had locked
 * for a moment, so that the claim passed it over.
 *
 * @param empty how many looks in a row found nothing
 * @param longestMs the pause that is not exceeded
 * @returns milliseconds
 */
export function pauseAfter(empty: number, longestMs: number): number {
  return Math.min(longestMs, PAUSES[Math.min(empty, PAUSES.length) - 1] ?? 0);
}

const PAUSES = [2, 3, 5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000];
