import type { Clock } from "../../runtime/clock.ts";

/** How a `GroupCommit` works. */
export interface GroupCommitOptions<Item> {
  /** Measures the pauses between two tries. */
  readonly clock: Clock;
  /** Commits a batch, all of it or nothing. */
  readonly commit: (batch: Item[]) => Promise<void>;
  /** The largest batch. */
  readonly maxBatch: number;
  /** Whether an error says nothing about the batch: the connection is gone, the server restarts. */
  readonly isTransient: (error: unknown) => boolean;
  /** Whether an error says that the batch took too long: then each half is tried. Default: never. */
  readonly isTooSlow?: (error: unknown) => boolean;
  /** Told about an item that cannot be committed even alone. */
  readonly onRefused: (item: Item, error: unknown) => void;
  /** Told before each new try after a transient error. */
  readonly onTrouble: (error: unknown, attempt: number) => void;
}

/**
 * Natural group commit: items that come during a commit go into the next one. There is no timer: when idle, an item is
 * committed at once.
 *
 * A batch that is refused is split until the bad item is alone. After a transient error the same batch is tried again, for ever,
 * with growing pauses, because the work is done and only its record is missing.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  #running: Promise<void> | undefined;
  readonly #options: GroupCommitOptions<Item>;

  /** @param options what commits a batch, and who is told about trouble */
  constructor(options: GroupCommitOptions<Item>) {
    this.#options = options;
  }

  /** Adds an item. */
  push(item: Item): void {
    this.#waiting.push(item);
    // Items that end in the same turn of the event loop share a batch.
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Waits until everything that was pushed is committed or refused. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, this.#options.maxBatch));
    this.#running = undefined;
  }

  async #commit(batch: Item[]): Promise<void> {
    const { clock, commit, isTransient, isTooSlow, onTrouble } = this.#options;
    for (let attempt = 1;; attempt++) {
      try {
        return await commit(batch);
      } catch (error) {
        if (!isTransient(error)) return await this.#split(batch, error);
        onTrouble(error, attempt);
        await clock.sleep(Math.min(5_000, 50 * 2 ** attempt));
        if (batch.length > 1 && isTooSlow?.(error)) return await this.#split(batch, error);
      }
    }
  }

  async #split(batch: Item[], error: unknown): Promise<void> {
    if (batch.length === 1) return this.#options.onRefused(batch[0]!, error);
    const middle = batch.length >> 1;
    await this.#commit(batch.slice(0, middle));
    await this.#commit(batch.slice(middle));
  }
}
