import type { CancelTimer, Clock } from "../../runtime/clock.ts";

/** How often an awake worker ticks when it knows of nothing due, because nobody tells it what becomes due elsewhere. */
export const AWAKE_TICK_MS = 1_000;

/**
 * How long a worker that knows of nothing due waits before its next tick. Sleeping workers take turns, each at another
 * time.
 *
 * @param turnMs the longest that the engine allows a worker that sleeps
 * @param chance from 0 to 1
 * @returns milliseconds
 */
export function tickPause(turnMs: number, chance: number): number {
  return Math.max(AWAKE_TICK_MS, turnMs * (1 + chance) / 2);
}

/**
 * Calls something again and again, at intervals or sooner when asked. Two calls never run at the same time.
 */
export class RepeatingTimer {
  readonly #clock: Clock;
  readonly #call: () => Promise<number>;
  #cancel: CancelTimer | undefined;
  #dueAt = Infinity;
  #running: Promise<void> | undefined;
  #isStopped = false;

  /**
   * @param clock measures the time
   * @param call does the work; gives the milliseconds until it wants to be called again; must not reject
   */
  constructor(clock: Clock, call: () => Promise<number>) {
    this.#clock = clock;
    this.#call = call;
  }

  /** Calls at once, and from then on as the calls themselves ask. */
  start(): void {
    this.at(0);
  }

  /** Makes the next call come in so many milliseconds, unless it comes sooner anyway. */
  at(ms: number): void {
    const dueAt = this.#clock.monotonic() + ms;
    if (this.#isStopped || dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    this.#cancel?.();
    if (this.#running === undefined) this.#cancel = this.#clock.after(ms, () => this.#run());
  }

  /** Ends the calls; waits for the one under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  #run(): void {
    this.#dueAt = Infinity;
    this.#running = this.#call().then((ms) => {
      this.#running = undefined;
      const asked = this.#dueAt - this.#clock.monotonic();
      this.#dueAt = Infinity;
      this.at(Math.max(0, Math.min(ms, asked)));
    });
  }
}
