import type { Claimed } from "./engine.ts";
import type { StopReason } from "./task_run.ts";

/** A run that can be ended from outside. */
export interface StoppableRun {
  /** Ends it. */
  stop(reason: StopReason, message: string): void;
}

/** One execution in hand. */
export interface Hold {
  /** The execution. */
  readonly claimed: Claimed;
  /** Its run; a flow has none, its advance is one turn of the event loop. */
  readonly run: StoppableRun | null;
  /** When it was taken, by `performance.now()`. */
  readonly since: number;
}

/** What a worker has in hand, by execution. */
export class Hands {
  readonly #holds = new Map<string, Hold>();
  #waiting: (() => void)[] = [];

  /** How many there are. */
  get size(): number {
    return this.#holds.size;
  }

  /** All of them. */
  all(): IterableIterator<Hold> {
    return this.#holds.values();
  }

  /** Takes one. */
  take(claimed: Claimed, run: StoppableRun | null): void {
    this.#holds.set(claimed.id, { claimed, run, since: performance.now() });
  }

  /** Whether this very attempt is in hand. */
  holds(claimed: Claimed): boolean {
    return this.#holds.get(claimed.id)?.claimed === claimed;
  }

  /** Lets one go. */
  drop(claimed: Claimed): void {
    if (this.holds(claimed)) this.#holds.delete(claimed.id);
    this.stir();
  }

  /** Lets those look again who wait for one to be let go: there may be room for another reason. */
  stir(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Stops the run of an execution, if it is in hand. */
  stop(id: string, reason: StopReason, message: string): void {
    this.#holds.get(id)?.run?.stop(reason, message);
  }

  /** Stops all runs. */
  stopAll(reason: StopReason, message: string): void {
    for (const { run } of this.#holds.values()) run?.stop(reason, message);
  }

  /** Waits until one is let go, or so many milliseconds. */
  async dropped(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }

  /** Waits until none is left, or so many milliseconds; tells whether none is left. */
  async emptied(ms: number): Promise<boolean> {
    const until = performance.now() + ms;
    while (this.#holds.size > 0) {
      const left = until - performance.now();
      if (left <= 0) return false;
      await this.dropped(left);
    }
    return true;
  }
}
