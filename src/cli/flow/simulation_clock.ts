import { pause } from "../pause.ts";

/** The time in a simulation: it jumps from one thing that is due to the next, or really passes. */
export class SimulationClock {
  #now: number;
  readonly #real: AbortSignal | undefined;

  /** @param start what time it is at first @param real given, time really passes, until the signal fires */
  constructor(start: Date, real?: AbortSignal) {
    this.#now = start.getTime();
    this.#real = real;
  }

  /** What time it is. */
  now(): Date {
    return new Date(this.#now);
  }

  /** Goes on to a moment. */
  async advanceTo(at: number): Promise<void> {
    const ms = at - this.#now;
    if (ms <= 0) return;
    if (this.#real !== undefined) await pause(ms, this.#real);
    this.#now = at;
  }
}
