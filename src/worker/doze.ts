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
