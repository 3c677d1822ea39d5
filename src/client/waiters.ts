import { durationMs } from "../shared/duration.ts";
import { ClosedError, type WaitOptions } from "../define/mod.ts";
import type { CancelTimer, Clock } from "../runtime/clock.ts";

/** Something that ends: an execution, or a question that is answered. */
export interface Awaited {
  /** Its id. */
  readonly id: string;
  /** When it ended; null: it has not. */
  readonly completedAt: Date | null;
}

/** What waiting needs. */
export interface WaiterSource<Ended extends Awaited> {
  /** Measures the time. */
  readonly clock: Clock;
  /** Reads what is waited for; what does not exist is left out. */
  readonly read: (ids: readonly string[]) => Promise<readonly Ended[]>;
  /** Makes sure that notifications arrive, and that the ends of these are notified. */
  readonly watch: (ids: readonly string[]) => Promise<void>;
  /** The error for what does not exist. */
  readonly missing: (id: string) => Error;
  /** The error when the time is over. */
  readonly late: (id: string, seconds: number) => Error;
  /** Whether an error says nothing about the question: the connection is gone, the server restarts. */
  readonly isTransient: (error: unknown) => boolean;
}

/** The ends that were heard of since somebody began to listen for one whose id he did not know yet. */
export interface Heard {
  /** Whether this one is over. */
  readonly has: (id: string) => boolean;
  /** Listens no longer. */
  readonly forget: () => void;
}

interface Waiter<Ended> {
  /** Whether the database was asked since the waiting began. */
  isAnswered: boolean;
  readonly resolve: (ended: Ended) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Waits for the ends of executions, or for answers, however many: one notification channel and one poll for all of them.
 *
 * A notification wakes at once. The poll is the safety net: quick at first, then every two seconds.
 */
export class Waiters<Ended extends Awaited> {
  readonly #source: WaiterSource<Ended>;
  readonly #waiting = new Map<string, Set<Waiter<Ended>>>();
  readonly #asked = new Set<string>();
  readonly #expected = new Set<Set<string>>();
  #cancelLook: CancelTimer | undefined;
  #looking = false;
  #quietLooks = 0;
  #closed = false;

  /** @param source what reads and notifies */
  constructor(source: WaiterSource<Ended>) {
    this.#source = source;
  }

  /** Whether somebody waits for this one. */
  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** How many are waited for. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for the end of one.
   *
   * @param id which
   * @param options how long, and what ends the waiting early
   * @param heard the ends that were heard of since before it was started: then its end is notified already
   * @returns it in its final state
   * @throws an error if it does not exist, or the time is over
   */
  async wait(id: string, options: WaitOptions = {}, heard?: Heard): Promise<Ended> {
    if (this.#closed) throw new ClosedError("The application");
    options.signal?.throwIfAborted();
    const timeoutMs = options.timeout === undefined ? undefined : durationMs(options.timeout);
    const { promise, resolve, reject } = Promise.withResolvers<Ended>();
    const waiter: Waiter<Ended> = { resolve, reject, isAnswered: false };
    const onAbort = (): void => reject(options.signal!.reason);
    const cancelTimeout = timeoutMs === undefined
      ? undefined
      : this.#source.clock.after(timeoutMs, () => void this.#giveUp(id, waiter, timeoutMs));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    this.#add(id, waiter, heard);
    try {
      return await promise;
    } finally {
      cancelTimeout?.();
      options.signal?.removeEventListener("abort", onAbort);
      this.#remove(id, waiter);
    }
  }

  /** Notes from now on what is over: an end may be heard of before the id of what was started. */
  expect(): Heard {
    const ids = new Set<string>();
    this.#expected.add(ids);
    return { has: (id) => ids.has(id), forget: () => void this.#expected.delete(ids) };
  }

  /** Hears that an execution is over. */
  notify(id: string): void {
    for (const ids of this.#expected) ids.add(id);
    if (!this.#waiting.has(id)) return;
    this.#asked.add(id);
    this.#lookSoon(0);
  }

  /** Ends all waiting. */
  close(): void {
    this.#closed = true;
    this.#cancelLook?.();
    for (const waiters of this.#waiting.values()) {
      for (const waiter of waiters) waiter.reject(new ClosedError("The application"));
    }
  }

  #add(id: string, waiter: Waiter<Ended>, heard: Heard | undefined): void {
    const waiters = this.#waiting.get(id);
    if (waiters !== undefined) {
      waiters.add(waiter);
      return;
    }
    this.#waiting.set(id, new Set([waiter]));
    this.#quietLooks = 0;
    if (heard !== undefined) {
      if (heard.has(id)) this.#asked.add(id);
      this.#lookSoon(heard.has(id) ? 0 : nextPause(this.#quietLooks++));
      return;
    }
    this.#source.watch([id]).catch(() => {}).then(() => {
      // Only a look after the watch has begun cannot miss the end.
      this.#asked.add(id);
      this.#lookSoon(0);
    });
  }

  #remove(id: string, waiter: Waiter<Ended>): void {
    const waiters = this.#waiting.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiting.delete(id);
    if (this.#waiting.size === 0) {
      this.#cancelLook?.();
      this.#cancelLook = undefined;
    }
  }

  #lookSoon(ms: number): void {
    if (this.#looking || this.#closed) return;
    this.#cancelLook?.();
    if (ms > 0) {
      this.#cancelLook = this.#source.clock.after(ms, () => void this.#look());
    } else {
      this.#looking = true;
      queueMicrotask(() => void this.#look());
    }
  }

  async #look(): Promise<void> {
    this.#looking = true;
    const ids = this.#asked.size > 0
      ? [...this.#asked].filter((id) => this.#waiting.has(id))
      : [...this.#waiting.keys()];
    this.#asked.clear();
    try {
      if (ids.length > 0) this.#tell(ids, await this.#source.read(ids));
    } catch (error) {
      if (!this.#source.isTransient(error)) this.#fail(ids, error);
    } finally {
      this.#looking = false;
      if (this.#waiting.size > 0) this.#lookSoon(this.#asked.size > 0 ? 0 : nextPause(this.#quietLooks++));
    }
  }

  // The time may be over before the database was asked once: what has ended long ago is over all the same.
  async #giveUp(id: string, waiter: Waiter<Ended>, timeoutMs: number): Promise<void> {
    try {
      if (!waiter.isAnswered) this.#tell([id], await this.#source.read([id]));
      waiter.reject(this.#source.late(id, timeoutMs / 1000));
    } catch (error) {
      waiter.reject(error);
    }
  }

  #tell(ids: readonly string[], found: readonly Ended[]): void {
    const byId = new Map(found.map((ended) => [ended.id, ended]));
    for (const id of ids) {
      const ended = byId.get(id);
      for (const waiter of this.#waiting.get(id) ?? []) {
        waiter.isAnswered = true;
        if (ended === undefined) waiter.reject(this.#source.missing(id));
        else if (ended.completedAt !== null) waiter.resolve(ended);
      }
    }
  }

  #fail(ids: readonly string[], error: unknown): void {
    for (const id of ids) {
      for (const waiter of this.#waiting.get(id) ?? []) waiter.reject(error);
    }
  }
}

function nextPause(looks: number): number {
  return [100, 250, 500, 1_000][looks] ?? 2_000;
}
