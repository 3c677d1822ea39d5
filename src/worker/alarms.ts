/** A moment that something waits for. */
export interface Alarm {
  /** The timer. */
  readonly id: string;
  /** Its workflow. */
  readonly flow: string;
  /** When it is due, in milliseconds since 1970. */
  readonly due: number;
}

/**
 * Rings when timers are due, by the clock of this machine: never early, and in slices, so that a thousand that are due
 * at once do not keep the event loop.
 */
export class Alarms {
  readonly #ring: (alarm: Alarm) => void;
  readonly #set = new Map<string, Alarm>();
  /** A heap: the soonest is first. What was taken back stays in it until it comes up, or there is too much of it. */
  #heap: Alarm[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakesAt = Infinity;
  #leadMs = 0;
  #ledAt = 0;
  #stopped = false;

  /** @param ring told of each that is due, once; it is taken back by then */
  constructor(ring: (alarm: Alarm) => void) {
    this.#ring = ring;
  }

  /** How many there are. */
  get size(): number {
    return this.#set.size;
  }

  /** Whether none ring any more. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** By how much the clock of this machine is taken to be ahead of the server's, in milliseconds. Clocks are set right: it fades. */
  get leadMs(): number {
    return this.#leadMs === 0 ? 0 : this.#leadMs * 0.5 ** ((performance.now() - this.#ledAt) / HALF_LIFE_MS);
  }

  /** Sets one, or another moment for it. */
  set(alarm: Alarm): void {
    if (this.#stopped) return;
    this.#set.set(alarm.id, alarm);
    push(this.#heap, alarm);
    this.#plan();
  }

  /** Takes one back. */
  delete(id: string): void {
    if (!this.#set.delete(id) || this.#heap.length < 1_000 || this.#heap.length < 2 * this.#set.size) return;
    this.#heap = [...this.#set.values()].sort((a, b) => a.due - b.due);
  }

  /** Hears that the clock of this machine is ahead of the server's: what follows rings later by that. */
  ahead(ms: number): void {
    if (ms <= this.leadMs) return;
    this.#leadMs = ms;
    this.#ledAt = performance.now();
  }

  /** Rings no more; gives those that were set. */
  stop(): string[] {
    const ids = [...this.#set.keys()];
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#set.clear();
    this.#heap = [];
    return ids;
  }

  #plan(): void {
    const next = this.#heap[0];
    if (next === undefined || next.due >= this.#wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = next.due;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, next.due + this.leadMs - Date.now()));
  }

  #run(): void {
    const until = performance.now() + SLICE_MS;
    const { leadMs } = this;
    for (let next = this.#heap[0]; next !== undefined; next = this.#heap[0]) {
      const isSet = this.#set.get(next.id) === next;
      if (isSet && (next.due + leadMs > Date.now() || performance.now() > until)) break;
      pop(this.#heap);
      if (!isSet) continue;
      this.#set.delete(next.id);
      this.#ring(next);
    }
    this.#wakesAt = Infinity;
    this.#plan();
  }
}

function push(heap: Alarm[], alarm: Alarm): void {
  let at = heap.push(alarm) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (heap[above]!.due <= alarm.due) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = alarm;
}

function pop(heap: Alarm[]): void {
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

// So long at most the event loop belongs to alarms, before others have their turn.
const SLICE_MS = 5;

// What was learned of a clock is half forgotten after so long.
const HALF_LIFE_MS = 60_000;
