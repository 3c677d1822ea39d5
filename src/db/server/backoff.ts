const pausesMs = [0, 50, 100, 200, 500, 1000, 2000];

/** Growing pauses between tries to reach a server. */
export class Backoff {
  #failures = 0;
  #failedAt = 0;
  readonly #pauses = new Set<() => void>();

  /** The server was reached. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** It was not, or a connection to it was lost. */
  failed(): void {
    this.#failures++;
    this.#failedAt = performance.now();
  }

  /** Waits until the next try is due, or until {@linkcode Backoff.end}. */
  async pause(): Promise<void> {
    const left = this.#failedAt + pausesMs[Math.min(this.#failures, pausesMs.length - 1)]! -
      performance.now();
    if (this.#failures === 0 || left <= 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, left);
      this.#pauses.add(end);
    });
  }

  /** Ends the pauses under way. */
  end(): void {
    for (const end of this.#pauses) end();
  }
}
