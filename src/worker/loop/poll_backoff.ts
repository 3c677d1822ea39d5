import type { Clock } from "../../runtime/clock.ts";

/** Whether a worker polls without pause, or will sleep or sleeps because it found nothing. */
export type PollPhase = "busy" | "idle";

/** How long a worker pauses between two polls: depends on what the last ones found, and on notifications since. */
export class PollBackoff {
  /** The pause that is not exceeded. */
  longestMs: number;
  #empty = 0;
  #isDrained = false;
  #isCalled = false;

  /** @param longestMs the pause that is not exceeded */
  constructor(longestMs: number) {
    this.longestMs = longestMs;
  }

  /** How to poll next. An idle poll tells the database that this worker will sleep: producers wake it from then on. */
  get phase(): PollPhase {
    return this.#empty > 0 || this.#isDrained ? "idle" : "busy";
  }

  /** Hears that there may be work, even if another session has it locked for a moment: the next pauses are short. */
  call(): void {
    this.#isCalled = true;
  }

  /**
   * Learns what a poll found.
   *
   * @param found how much
   * @param room how much it might have been
   * @returns how long to sleep before the next poll, in milliseconds; 0: not at all
   */
  afterPoll(found: number, room: number): number {
    if (this.#isCalled) this.#empty = Math.min(this.#empty, 1);
    this.#isCalled = false;
    const said = this.phase === "idle" ? 1 : 0;
    this.#empty = found > 0 ? 0 : Math.max(this.#empty, said) + 1;
    this.#isDrained = found > 0 && found < room;
    return this.#empty > 1 ? pauseAfter(this.#empty - 1, this.longestMs) : 0;
  }
}

/**
 * How long to sleep after the n-th empty poll in a row. The first polls come quickly. They find the work of a producer that looked
 * for sleeping workers before this one slept and committed after its last poll, and rows that another session had locked for a
 * moment.
 *
 * @param empty how many polls in a row found nothing
 * @param longestMs the pause that is not exceeded
 * @returns milliseconds
 */
export function pauseAfter(empty: number, longestMs: number): number {
  return Math.min(longestMs, PAUSES[Math.min(empty, PAUSES.length) - 1] ?? 0);
}

const PAUSES = [2, 3, 5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000];

/** A sleep that can be ended early, and that remembers a wake-up that came before it. */
export class Sleep {
  readonly #clock: Clock;
  #isWoken = false;
  #wake: (() => void) | undefined;

  /** @param clock measures the time */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the sleep under way, or the next one. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /**
   * Sleeps.
   *
   * @param ms at most this long; default: until it is woken
   * @returns whether `wake()` ended it
   */
  async for(ms?: number): Promise<boolean> {
    if (!this.#isWoken) {
      await new Promise<void>((resolve) => {
        const cancel = ms === undefined ? undefined : this.#clock.after(ms, resolve);
        this.#wake = (): void => {
          cancel?.();
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const isWoken = this.#isWoken;
    this.#isWoken = false;
    return isWoken;
  }
}
