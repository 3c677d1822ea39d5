import type { CancelTimer, Clock } from "../runtime/clock.ts";

/** What a page of the dashboard shows. */
export interface Page {
  /** One statement, whose answer changes when the page does. */
  readonly look: () => Promise<unknown>;
  /** All that the page shows. Without it: what `look` gave. */
  readonly read?: () => Promise<unknown>;
  /** How often to look at most. Default: once a second. */
  readonly everyMs?: number;
  /** It changes with time, too: look as often although nothing was written. */
  readonly moves?: boolean;
}

/** One cheap statement, whose answer changes when something was written that a page may show; null: that cannot be told. */
export type Mark = () => Promise<string | null>;

/** Whether somebody may still watch. */
export type Right = () => Promise<boolean>;

/**
 * Pages that people look at. All viewers of a process share one timer, which runs one statement a second at most: a look at one
 * page after the other. Nobody looks: nothing runs. What is read stays for all viewers until a look sees a change.
 *
 * A page that did not change is looked at again when something was written, or after half a minute. A look that takes long comes
 * seldom: all looks at a page take a hundredth of the time.
 */
export class Watched {
  readonly #topics = new Map<string, Topic>();
  readonly #clock: Pick<Clock, "after" | "monotonic">;
  readonly #streams = new Map<ReadableStreamDefaultController<Uint8Array>, Viewing>();
  readonly #readMark: Mark;
  #mark: string | null = null;
  #markedAt = -Infinity;
  #cancel: CancelTimer | undefined;
  #closed = false;

  /**
   * @param clock time and timers
   * @param mark tells whether something was written. Without it, pages are looked at as if something was, always
   */
  constructor(clock: Pick<Clock, "after" | "monotonic">, mark: Mark = unknown) {
    this.#clock = clock;
    this.#readMark = mark;
  }

  /** What a page shows now; what all its viewers share, if somebody watches it. */
  async read(key: string, page: Page): Promise<unknown> {
    const topic = this.#topics.get(key);
    if (topic === undefined) return await (page.read ?? page.look)();
    // That of the topic: it knows what its viewers have seen.
    topic.shown ??= (topic.page.read ?? topic.page.look)();
    try {
      return await topic.shown;
    } catch (error) {
      topic.shown = undefined;
      throw error;
    }
  }

  /**
   * Tells of changes as server-sent events: `changed` with the key of a page, `trouble` when it cannot be read, and a comment every
   * few seconds, so that both sides learn when the other is gone.
   *
   * @param pages what is watched
   * @param mayStay asked at each tick: the stream ends when it says no
   */
  watch(pages: ReadonlyMap<string, Page>, mayStay: Right = anybody): ReadableStream<Uint8Array> {
    let leave = (): void => {};
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        if (this.#closed) return controller.close();
        const stops = [...pages].map(([key, page]) => this.#join(key, page, controller));
        let beat = this.#clock.after(0, () => {}, { background: true });
        const ping = (): void => {
          if (!send(controller, ": still here\n\n")) return leave();
          beat = this.#clock.after(BEAT_MS, ping, { background: true });
        };
        leave = (): void => {
          beat();
          this.#streams.delete(controller);
          for (const stop of stops) stop();
        };
        this.#streams.set(controller, { mayStay, leave });
        ping();
      },
      cancel: () => leave(),
    });
  }

  /** Something was done: what was read is old, and viewers are told at the next look. */
  forget(): void {
    for (const topic of this.#topics.values()) {
      topic.last = undefined;
      topic.shown = undefined;
      topic.isStale = true;
    }
  }

  /** Ends all streams and the timer. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#topics.clear();
    for (const controller of this.#streams.keys()) end(controller);
    this.#streams.clear();
  }

  #join(key: string, page: Page, viewer: ReadableStreamDefaultController<Uint8Array>): () => void {
    let topic = this.#topics.get(key);
    if (topic === undefined) {
      topic = {
        ...{ key, page, viewers: new Set(), lookedAt: -Infinity, tookMs: 0, isStale: true },
        ...{ last: undefined, shown: undefined },
      };
      this.#topics.set(key, topic);
    }
    topic.viewers.add(viewer);
    this.#cancel ??= this.#clock.after(FIRST_MS, () => void this.#tick(), { background: true });
    return () => {
      topic.viewers.delete(viewer);
      if (topic.viewers.size === 0) this.#topics.delete(key);
    };
  }

  async #tick(): Promise<void> {
    await this.#sift();
    const topic = this.#next();
    if (topic !== undefined) await this.#look(topic);
    else await this.#ask();
    if (this.#closed) return;
    this.#cancel = this.#topics.size === 0
      ? undefined
      : this.#clock.after(TICK_MS, () => void this.#tick(), { background: true });
  }

  // Whether something was written since.
  async #ask(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#markedAt < MARK_MS - SLACK_MS) return;
    this.#markedAt = now;
    // Who cannot tell has it said by the looks themselves.
    const mark = await this.#readMark().catch(() => null);
    if (mark !== null && mark === this.#mark) return;
    this.#mark = mark;
    for (const topic of this.#topics.values()) topic.isStale = true;
  }

  // Who began with a token that is no longer good hears nothing more.
  async #sift(): Promise<void> {
    for (const [controller, { mayStay, leave }] of [...this.#streams]) {
      if (await mayStay()) continue;
      leave();
      end(controller);
    }
  }

  // The one that was not looked at for the longest time, of those whose turn it is.
  #next(): Topic | undefined {
    const now = this.#clock.monotonic();
    return [...this.#topics.values()]
      .filter((topic) => now - topic.lookedAt >= waitOf(topic) - SLACK_MS)
      .sort((a, b) => a.lookedAt - b.lookedAt)[0];
  }

  async #look(topic: Topic): Promise<void> {
    topic.lookedAt = this.#clock.monotonic();
    // What is written from now on is seen by the next one.
    topic.isStale = false;
    let event: string;
    try {
      const seen = await topic.page.look();
      topic.tookMs = this.#clock.monotonic() - topic.lookedAt;
      const text = JSON.stringify(seen);
      if (text === topic.last) return;
      topic.last = text;
      // What changes may go on to do so.
      topic.isStale = true;
      topic.shown = topic.page.read === undefined ? Promise.resolve(seen) : undefined;
      event = "changed";
    } catch {
      // The page itself says what is wrong, when it is read.
      topic.last = undefined;
      topic.shown = undefined;
      topic.isStale = true;
      event = "trouble";
    }
    const message = `event: ${event}\ndata: ${JSON.stringify(topic.key)}\n\n`;
    for (const viewer of topic.viewers) send(viewer, message);
  }
}

interface Topic {
  readonly key: string;
  readonly page: Page;
  readonly viewers: Set<ReadableStreamDefaultController<Uint8Array>>;
  lookedAt: number;
  /** How long the last look took. */
  tookMs: number;
  /** Something may have changed since. */
  isStale: boolean;
  last: string | undefined;
  shown: Promise<unknown> | undefined;
}

interface Viewing {
  readonly mayStay: Right;
  readonly leave: () => void;
}

function waitOf({ page, isStale, tookMs }: Topic): number {
  const everyMs = Math.max(page.everyMs ?? TICK_MS, Math.min(tookMs * COST, MOST_MS));
  return isStale || page.moves === true ? everyMs : Math.max(everyMs, MOST_MS);
}

const unknown: Mark = () => Promise.resolve(null);

const anybody: Right = () => Promise.resolve(true);

function end(viewer: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    viewer.close();
  } catch {
    // It is gone already.
  }
}

function send(viewer: ReadableStreamDefaultController<Uint8Array>, text: string): boolean {
  try {
    viewer.enqueue(encoder.encode(text));
    return true;
  } catch {
    return false;
  }
}

const encoder = new TextEncoder();
const TICK_MS = 1_000;
const MARK_MS = 2_000;
const MOST_MS = 30_000;
const COST = 100;
// A timer may be a little early.
const SLACK_MS = 50;
const FIRST_MS = 200;
const BEAT_MS = 15_000;
