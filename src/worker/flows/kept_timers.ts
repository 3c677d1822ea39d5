import type { CancelTimer, Clock } from "../../runtime/clock.ts";

/** A timer of a workflow that this worker fires itself, while it has the workflow open in memory. */
export interface KeptTimer {
  /** The timer. */
  readonly id: string;
  /** Its workflow. */
  readonly flow: string;
  /** When it is due, in milliseconds since 1970. */
  readonly due: number;
}

/**
 * Calls back when kept timers are due by the clock of this machine: never early, and in slices, so that a thousand timers that are
 * due at once do not block the event loop.
 */
export class KeptTimers {
  readonly #clock: Clock;
  readonly #onDue: (timer: KeptTimer) => void;
  readonly #set = new Map<string, KeptTimer>();
  /** A heap: the soonest is first. Removed timers stay in it until they come up, or there are too many of them. */
  #heap: KeptTimer[] = [];
  #cancel: CancelTimer | undefined;
  #wakesAt = Infinity;
  #leadMs = 0;
  #ledAt = 0;
  #stopped = false;

  /** @param clock measures the time @param onDue told once of each that is due; it is not kept any more by then */
  constructor(clock: Clock, onDue: (timer: KeptTimer) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** How many there are. */
  get size(): number {
    return this.#set.size;
  }

  /** Whether none become due any more. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** How far the clock of this machine seems to be ahead of the server's, in milliseconds. It fades, as clocks are corrected. */
  get leadMs(): number {
    return this.#leadMs === 0
      ? 0
      : this.#leadMs * 0.5 ** ((this.#clock.monotonic() - this.#ledAt) / HALF_LIFE_MS);
  }

  /** Sets one, or another moment for it. */
  set(timer: KeptTimer): void {
    if (this.#stopped) return;
    this.#set.set(timer.id, timer);
    push(this.#heap, timer);
    this.#plan();
  }

  /** Removes one. */
  delete(id: string): void {
    if (!this.#set.delete(id) || this.#heap.length < 1_000 || this.#heap.length < 2 * this.#set.size) return;
    this.#heap = [...this.#set.values()].sort((a, b) => a.due - b.due);
  }

  /** Hears that the clock of this machine is ahead of the server's: timers are due later by that. */
  ahead(ms: number): void {
    if (ms <= this.leadMs) return;
    this.#leadMs = ms;
    this.#ledAt = this.#clock.monotonic();
  }

  /** Keeps none any more; gives those that were kept. */
  stop(): string[] {
    const ids = [...this.#set.keys()];
    this.#stopped = true;
    this.#cancel?.();
    this.#set.clear();
    this.#heap = [];
    return ids;
  }

  #plan(): void {
    const next = this.#heap[0];
    if (next === undefined || next.due >= this.#wakesAt) return;
    this.#cancel?.();
    this.#wakesAt = next.due;
    const ms = Math.max(0, next.due + this.leadMs - this.#clock.now());
    this.#cancel = this.#clock.after(ms, () => this.#run());
  }

  #run(): void {
    const until = this.#clock.monotonic() + SLICE_MS;
    const { leadMs } = this;
    for (let next = this.#heap[0]; next !== undefined; next = this.#heap[0]) {
      const isSet = this.#set.get(next.id) === next;
      if (isSet && (next.due + leadMs > this.#clock.now() || this.#clock.monotonic() > until)) break;
      pop(this.#heap);
      if (!isSet) continue;
      this.#set.delete(next.id);
      this.#onDue(next);
    }
    this.#wakesAt = Infinity;
    this.#plan();
  }
}

function push(heap: KeptTimer[], timer: KeptTimer): void {
  let at = heap.push(timer) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (heap[above]!.due <= timer.due) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = timer;
}

function pop(heap: KeptTimer[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below + 1 < heap.length && heap[below + 1]!.due < heap[below]!.due) below++;
    if (below >= heap.length || heap[below]!.due >= last.due) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = last;
}

// How long timers may use the event loop before other work gets its turn.
const SLICE_MS = 5;

// After this time, half of the measured lead of a clock is forgotten.
const HALF_LIFE_MS = 60_000;
