import { setImmediate } from "node:timers";

/** When the simulated time begins: a moment without meaning. */
export const BEGINNING = Date.parse("2030-01-01T00:00:00Z");

/** What is to happen at a moment. */
interface Happening {
  readonly at: number;
  readonly nth: number;
  call: (() => void | Promise<void>) | undefined;
  readonly isQuiet: boolean;
}

/**
 * Time and order. Nothing happens but what was put here, one after another in the order of its moment. Before time
 * goes on, all that follows from the last happening has had its turn.
 */
export class World {
  /** The time in milliseconds since 1970. */
  now = BEGINNING;
  /** What is told of each happening; hashed, and kept where somebody wants to read it. */
  readonly trace: Trace;
  #nth = 0;
  readonly #heap: Happening[] = [];
  #failure: Error | undefined;
  #outside: Promise<unknown> = Promise.resolve();

  /** @param trace hears what happens */
  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.now - BEGINNING;
  }

  /**
   * Puts something at a moment.
   *
   * @param at when; the past means now
   * @param call what happens; the world waits for it
   * @param isQuiet whether nothing follows from it but what it does at once
   * @returns what takes it back
   */
  at(at: number, call: () => void | Promise<void>, isQuiet = false): () => void {
    const happening: Happening = { at: Math.max(at, this.now), nth: this.#nth++, call, isQuiet };
    push(this.#heap, happening);
    return () => {
      happening.call = undefined;
    };
  }

  /** The same, so many milliseconds from now. */
  after(ms: number, call: () => void | Promise<void>): () => void {
    return this.at(this.now + ms, call);
  }

  /** Tells what happens. */
  tell(line: string): void {
    this.trace.add(this.elapsed, line);
  }

  /** Does something that takes real time, after what was begun before it. The time of this world waits for it. */
  outside<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#outside.then(work);
    this.#outside = done.catch(() => {});
    return done;
  }

  /** Ends the run: something is broken. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Lets happen what is due until a moment, or until something is so. */
  async run(until: number, isOver: () => boolean = () => false): Promise<void> {
    await this.#drained();
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      if (this.#failure !== undefined) throw this.#failure;
      if (isOver()) return;
      pop(this.#heap);
      if (next.call === undefined) continue;
      this.now = next.at;
      const following = next.call();
      if (following !== undefined) await following;
      if (!next.isQuiet) await this.#drained();
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (!isOver()) this.now = Math.max(this.now, until);
  }

  async #drained(): Promise<void> {
    let last: Promise<unknown>;
    do {
      last = this.#outside;
      await last;
      await drained();
    } while (last !== this.#outside);
  }
}

/** What happened, in words. Two runs are the same if their traces are. */
export class Trace {
  /** How many lines. */
  size = 0;
  /** What is not told, because no seed decides it: it is another in each process. */
  hidden = "";
  /** The lines, where they are kept. */
  readonly lines: string[] = [];
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;
  readonly #kind: TraceKind;

  /** @param kind what is done with the lines */
  constructor(kind: TraceKind) {
    this.#kind = kind;
  }

  /** Adds a line. */
  add(elapsedMs: number, line: string): void {
    const told = this.hidden === "" ? line : line.replaceAll(this.hidden, "…");
    const text = `${(elapsedMs / 1000).toFixed(6)} ${told}`;
    this.size++;
    for (let index = 0; index < text.length; index++) {
      this.#low = Math.imul(this.#low ^ text.charCodeAt(index), 0x01000193);
      this.#high = Math.imul(this.#high ^ text.charCodeAt(index), 0x85ebca6b) + this.#low | 0;
    }
    if (this.#kind === "kept") this.lines.push(text);
    else if (this.#kind === "printed") console.log(text);
  }

  /** What stands for all lines. */
  get digest(): string {
    return [this.#high, this.#low].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/** What is done with the lines of a trace. */
export type TraceKind = "hashed" | "kept" | "printed";

/** Resolves once nothing is left to do but what waits for time. */
function drained(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.at < other.at || one.at === other.at && one.nth < other.nth;
}

function push(heap: Happening[], item: Happening): void {
  let place = heap.push(item) - 1;
  while (place > 0) {
    const above = (place - 1) >> 1;
    if (!isBefore(item, heap[above]!)) break;
    heap[place] = heap[above]!;
    place = above;
  }
  heap[place] = item;
}

function pop(heap: Happening[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let place = 0;
  for (let below = 1; below < heap.length; below = 2 * place + 1) {
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
    if (!isBefore(heap[below]!, last)) break;
    heap[place] = heap[below]!;
    place = below;
  }
  heap[place] = last;
}
