/**
 * Calls something again and again: every so often, or sooner when asked to. A call that is under way is never joined
 * by a second one.
 */
export class Pulse {
  readonly #call: () => Promise<number>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #running: Promise<void> | undefined;
  #stopped = false;

  /** @param call does the work; gives the milliseconds until it wants to be called again; must not reject */
  constructor(call: () => Promise<number>) {
    this.#call = call;
  }

  /** Calls at once, and from then on as the calls themselves ask. */
  start(): void {
    this.at(0);
  }

  /** Makes the next call come in so many milliseconds, unless it comes sooner anyway. */
  at(ms: number): void {
    const dueAt = performance.now() + ms;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    clearTimeout(this.#timer);
    if (this.#running === undefined) this.#timer = setTimeout(() => this.#beat(), Math.min(ms, LONGEST_MS));
  }

  /** Ends the calls; waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #beat(): void {
    this.#dueAt = Infinity;
    this.#running = this.#call().then((ms) => {
      this.#running = undefined;
      const asked = this.#dueAt - performance.now();
      this.#dueAt = Infinity;
      this.at(Math.max(0, Math.min(ms, asked)));
    });
  }
}

// Timers of the host hold 31 bits of milliseconds.
const LONGEST_MS = 2_000_000_000;
