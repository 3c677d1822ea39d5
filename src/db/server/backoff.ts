import { systemClock } from "../../runtime/clock.ts";

const pausesMs = [0, 50, 100, 200, 500, 1000, 2000];

/** Growing pauses between tries to reach a server, of half the time at least: many that lost it do not all come back at once. */
export class Backoff {
  #failures = 0;
  #failedAt = 0;
  #share = 1;
  readonly #pauses = new Set<() => void>();

  /** The server was reached. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** It was not, or a connection to it was lost. */
  failed(): void {
    this.#failures++;
    this.#failedAt = systemClock.monotonic();
    this.#share = 0.5 + systemClock.random() / 2;
  }

  /** Waits until the next try is due, or until {@linkcode Backoff.end}. */
  async pause(): Promise<void> {
    const pauseMs = pausesMs[Math.min(this.#failures, pausesMs.length - 1)]! * this.#share;
    const left = this.#failedAt + pauseMs - systemClock.monotonic();
    if (this.#failures === 0 || left <= 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = systemClock.after(left, end);
      this.#pauses.add(end);
    });
  }

  /** Ends the pauses under way. */
  end(): void {
    for (const end of this.#pauses) end();
  }
}
