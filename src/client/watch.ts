import { durationMs } from "../shared/duration.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import type { Execution, WatchOptions } from "../define/mod.ts";
import type { CancelTimer, Clock } from "../runtime/clock.ts";
import { WaitTimeoutError } from "./errors.ts";

/** What watching needs. */
export interface WatchSource {
  /** Measures the time. */
  readonly clock: Clock;
  /** Reads an execution; nothing: there is none. */
  readonly read: (id: string) => Promise<Execution | undefined>;
  /** Has news of an execution told; gives what ends that. Rejects where nothing can be heard: then it is looked at only. */
  readonly hear: (id: string, onNews: () => void) => Promise<() => void>;
  /** Whether an error says nothing about the question: the connection is gone, the server restarts. */
  readonly isTransient: (error: unknown) => boolean;
  /** Fires when the application closes. */
  readonly closed: AbortSignal;
}

/**
 * An execution each time that it has changed: its status, attempt, progress or note. First as it is now, last in its
 * final state. A slow reader misses changes in between, but never the last one.
 *
 * Progress and the end are told by notifications; the rest, and these where nothing can be heard, are found by looking.
 *
 * @param source what reads and tells
 * @param id the execution
 * @param options how often to look, for how long, and what ends it early
 */
export async function* watch(
  source: WatchSource,
  id: string,
  options: WatchOptions = {},
): AsyncGenerator<Execution, void, undefined> {
  const everyMs = options.every === undefined ? 1_000 : durationMs(options.every);
  const { stop, cancelTimeout } = stopOf(source, id, options);
  const bell = new Bell(source.clock, stop);
  const deafen = source.hear(id, () => bell.ring()).catch(() => () => {});
  // Only a look that comes after the ear is there cannot miss what happened before it.
  void deafen.then(() => bell.ring());
  try {
    for (let seen = "", quiet = 0;; quiet++) {
      const execution = await readOnce(source, id);
      const look = execution === undefined ? seen : lookOf(execution);
      if (look !== seen) {
        seen = look;
        quiet = 0;
        yield execution!;
        if (execution!.completedAt !== null) return;
      }
      await bell.heard(Math.min(everyMs, FIRST_LOOKS_MS[quiet] ?? everyMs));
    }
  } finally {
    cancelTimeout?.();
    bell.close();
    void deafen.then((end) => end());
  }
}

const FIRST_LOOKS_MS = [50, 100, 250, 500];

// What passes says nothing: it is looked at again.
async function readOnce(source: WatchSource, id: string): Promise<Execution | undefined> {
  let found;
  try {
    found = await source.read(id);
  } catch (error) {
    if (source.isTransient(error)) return undefined;
    throw error;
  }
  if (found === undefined) throw ExecutionNotFoundError.of(id);
  return found;
}

function lookOf({ status, attempt, progress, note, startedAt, runAt }: Execution): string {
  return JSON.stringify([status, attempt, progress, note, startedAt, runAt]);
}

function stopOf(
  source: WatchSource,
  id: string,
  { timeout, signal }: WatchOptions,
): { stop: AbortSignal; cancelTimeout: CancelTimer | undefined } {
  const signals = signal === undefined ? [source.closed] : [source.closed, signal];
  if (timeout === undefined) return { stop: AbortSignal.any(signals), cancelTimeout: undefined };
  const ms = durationMs(timeout);
  const over = new AbortController();
  const cancelTimeout = source.clock.after(ms, () => over.abort(new WaitTimeoutError(id, ms / 1000)));
  return { stop: AbortSignal.any([...signals, over.signal]), cancelTimeout };
}

/** Ends a pause early; remembers a ring that came before it. */
class Bell {
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  #rung = false;
  #wake: () => void = () => {};
  readonly #onStop = (): void => this.#wake();

  constructor(clock: Clock, stop: AbortSignal) {
    this.#clock = clock;
    this.#stop = stop;
    stop.throwIfAborted();
    stop.addEventListener("abort", this.#onStop);
  }

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  /** Pauses; throws the reason of the stop. */
  async heard(ms: number): Promise<void> {
    this.#stop.throwIfAborted();
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = this.#clock.after(ms, resolve);
      this.#wake = resolve;
      await promise;
      cancel();
    }
    this.#rung = false;
    this.#stop.throwIfAborted();
  }

  close(): void {
    this.#stop.removeEventListener("abort", this.#onStop);
  }
}
