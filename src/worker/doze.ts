/** Sleep that can be ended early, and that remembers a call that came before it. */
export class Doze {
  #woken = false;
  #wake: (() => void) | undefined;

  /** Ends the sleep under way, or the next one. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Forgets a call that has not ended a sleep yet. */
  forget(): void {
    this.#woken = false;
  }

  /**
   * Sleeps.
   *
   * @param ms at most this long
   * @returns whether `wake()` ended it
   */
  async sleep(ms: number): Promise<boolean> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const woken = this.#woken;
    this.#woken = false;
    return woken;
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
