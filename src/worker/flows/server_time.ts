import type { Clock } from "../../runtime/clock.ts";

/** The time of the server, as its answers tell it. The moments of steps are of that clock, whichever worker takes them. */
export class ServerTime {
  readonly #clock: Pick<Clock, "now">;
  #offsetMs = 0;

  /** @param clock that of this machine */
  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** What time it is there, in milliseconds since 1970; never before what it last told. */
  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  /**
   * Hears what time it was there.
   *
   * @param now its time, in milliseconds since 1970
   * @param since when it was asked, by the clock of this machine: it answered between then and now
   */
  told(now: number, since: number): void {
    const least = now - this.#clock.now();
    this.#offsetMs = Math.max(least, Math.min(this.#offsetMs, now - since));
  }
}
