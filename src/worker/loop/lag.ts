import type { CancelTimer, Clock } from "../../runtime/clock.ts";

/** Notices when the event loop was blocked, and which handlers ran then. */
export class LagMonitor {
  /** The longest block since `take()` was last called, in milliseconds. */
  #worstMs = 0;
  #dueAt = 0;
  #cancel: CancelTimer | undefined;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #warnMs: number;
  readonly #onBlocked: (lagMs: number) => void;

  /**
   * @param clock measures the time
   * @param options how often to look, from which lag on to tell, and whom
   */
  constructor(
    clock: Clock,
    options: { everyMs?: number; warnMs: number; onBlocked: (lagMs: number) => void },
  ) {
    this.#clock = clock;
    this.#everyMs = options.everyMs ?? 100;
    this.#warnMs = options.warnMs;
    this.#onBlocked = options.onBlocked;
  }

  /** Starts looking. */
  start(): void {
    if (this.#cancel === undefined) this.#arm();
  }

  /** Stops looking. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The longest block since the last call, in milliseconds. */
  take(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }

  #arm(): void {
    this.#dueAt = this.#clock.monotonic() + this.#everyMs;
    this.#cancel = this.#clock.after(this.#everyMs, () => this.#look(), { background: true });
  }

  #look(): void {
    const lagMs = this.#clock.monotonic() - this.#dueAt;
    if (lagMs > this.#worstMs) this.#worstMs = lagMs;
    if (lagMs >= this.#warnMs) this.#onBlocked(lagMs);
    this.#arm();
  }
}
