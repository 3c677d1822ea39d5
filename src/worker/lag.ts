/** Notices when the event loop stood still, and who was running then. */
export class LagMonitor {
  /** The longest standstill since `take()` was last called, in milliseconds. */
  #worstMs = 0;
  #dueAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #everyMs: number;
  readonly #warnMs: number;
  readonly #onBlocked: (lagMs: number) => void;

  /**
   * @param options how often to look, from which lag on to tell, and whom
   */
  constructor(options: { everyMs?: number; warnMs: number; onBlocked: (lagMs: number) => void }) {
    this.#everyMs = options.everyMs ?? 100;
    this.#warnMs = options.warnMs;
    this.#onBlocked = options.onBlocked;
  }

  /** Starts looking. */
  start(): void {
    if (this.#timer === undefined) this.#arm();
  }

  /** Stops looking. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The longest standstill since the last call, in milliseconds. */
  take(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }

  #arm(): void {
    this.#dueAt = performance.now() + this.#everyMs;
    this.#timer = setTimeout(() => this.#look(), this.#everyMs);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  #look(): void {
    const lagMs = performance.now() - this.#dueAt;
    if (lagMs > this.#worstMs) this.#worstMs = lagMs;
    if (lagMs >= this.#warnMs) this.#onBlocked(lagMs);
    this.#arm();
  }
}
