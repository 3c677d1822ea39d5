import type { Clock } from "../../runtime/clock.ts";

/** How a `GroupCommit` works. */
export interface GroupCommitOptions<Item> {
  /** Measures the pauses between two tries. */
  readonly clock: Clock;
  /** Commits a batch, all of it or nothing. */
  readonly commit: (batch: Item[]) => Promise<void>;
  /** The largest batch. */
  readonly maxBatch: number;
  /** How many batches may be on their way at once. Default: 1. */
  readonly lanes?: number;
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
 * Natural group commit: what comes in while a commit is under way goes into the next one. No timer; when idle, an item
 * is committed at once.
 *
 * A batch that is refused is split until the bad item stands alone. After a transient error the same batch is tried
 * again, for ever, with growing pauses: the work is done, only the record of it is missing.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  #starting: Promise<void> | undefined;
  readonly #running = new Set<Promise<void>>();
  #busy = 0;
  readonly #inFlight = new Set<readonly Item[]>();
  readonly #answers = new Set<Promise<void>>();
  #abandoned = false;
  readonly #options: GroupCommitOptions<Item>;

  /** @param options what commits a batch, and who is told about trouble */
  constructor(options: GroupCommitOptions<Item>) {
    this.#options = options;
  }

  /** How many items are waiting or on their way. */
  get pending(): number {
    let pending = this.#waiting.length;
    for (const batch of this.#inFlight) pending += batch.length;
    return pending;
  }

  /** What is waiting or on its way. */
  get items(): readonly Item[] {
    return [...[...this.#inFlight].flat(), ...this.#waiting];
  }

  /** Waits until the batches that are on their way now are committed or refused. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.#answers);
  }

  /** Adds an item. */
  push(item: Item): void {
    this.#waiting.push(item);
    if (this.#busy >= (this.#options.lanes ?? 1)) return;
    // Items that end in the same turn of the event loop share a batch.
    this.#starting ??= Promise.resolve().then(() => this.#start());
  }

  /** Waits until everything that was pushed is committed or refused. */
  async drained(): Promise<void> {
    while (this.#starting !== undefined || this.#running.size > 0) {
      await Promise.all([this.#starting, ...this.#running]);
    }
  }

  /** Gives up what cannot be committed any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#waiting = [];
  }

  #start(): void {
    this.#starting = undefined;
    while (this.#waiting.length > 0 && this.#busy < (this.#options.lanes ?? 1)) {
      const running = this.#run();
      this.#running.add(running);
      void running.finally(() => this.#running.delete(running));
    }
  }

  async #run(): Promise<void> {
    this.#busy++;
    try {
      while (this.#waiting.length > 0) await this.#carry(this.#waiting.splice(0, this.#options.maxBatch));
    } finally {
      this.#busy--;
    }
  }

  async #carry(batch: Item[]): Promise<void> {
    const answer = this.#commit(batch);
    this.#inFlight.add(batch);
    this.#answers.add(answer);
    try {
      await answer;
    } finally {
      this.#inFlight.delete(batch);
      this.#answers.delete(answer);
    }
  }

  async #commit(batch: Item[]): Promise<void> {
    for (let attempt = 1; !this.#abandoned; attempt++) {
      try {
        return await this.#options.commit(batch);
      } catch (error) {
        if (!this.#options.isTransient(error)) return await this.#split(batch, error);
        this.#options.onTrouble(error, attempt);
        await this.#options.clock.sleep(Math.min(5_000, 50 * 2 ** attempt));
        if (batch.length > 1 && this.#options.isTooSlow?.(error)) return await this.#split(batch, error);
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
