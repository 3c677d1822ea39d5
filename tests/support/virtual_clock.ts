import { type CancelTimer, type Clock, systemClock } from "../../src/runtime/clock.ts";

/** A clock that stands still until a test moves it; its chance is the same in every run. */
export class VirtualClock implements Clock {
  #ms = Date.parse("2030-01-01T00:00:00Z");
  #timers: { readonly at: number; readonly call: () => void }[] = [];
  readonly nextTurn = systemClock.nextTurn;
  readonly randomBytes = systemClock.randomBytes;
  readonly uuid = systemClock.uuid;

  now(): number {
    return this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  random(): number {
    return 0.5;
  }

  after(ms: number, call: () => void): CancelTimer {
    const timer = { at: this.#ms + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Time passes while nothing runs, as when the process is frozen: what became due is called afterwards. */
  freeze(ms: number): void {
    this.#ms += ms;
  }

  /** Time passes; what becomes due is called, each at its moment, and what follows from it has its turn. */
  async pass(ms: number): Promise<void> {
    const end = this.#ms + ms;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#ms = Math.max(this.#ms, next.at);
      next.call();
      await this.settle();
    }
    this.#ms = Math.max(this.#ms, end);
  }

  /** Lets what is ready have its turn. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => this.nextTurn(resolve));
  }

  #next(until: number): { readonly at: number; readonly call: () => void } | undefined {
    return this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
  }
}
