/** How a `GroupCommit` works. */
export interface GroupCommitOptions<Item> {
  /** Commits a batch, all of it or nothing. */
  readonly commit: (batch: Item[]) => Promise<void>;
  /** The largest batch. */
  readonly maxBatch: number;
  /** Whether an error says nothing about the batch: the connection is gone, the server restarts. */
  readonly isTransient: (error: unknown) => boolean;
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
  #running: Promise<void> | undefined;
  #inFlight: readonly Item[] = [];
  #answer: Promise<void> = Promise.resolve();
  #abandoned = false;
  readonly #options: GroupCommitOptions<Item>;

  /** @param options what commits a batch, and who is told about trouble */
  constructor(options: GroupCommitOptions<Item>) {
    this.#options = options;
  }

  /** How many items are waiting or on their way. */
  get pending(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  /** What is waiting or on its way. */
  get items(): readonly Item[] {
    return [...this.#inFlight, ...this.#waiting];
  }

  /** Waits until the batch that is on its way now is committed or refused. */
  async answered(): Promise<void> {
    await this.#answer;
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

  /** Gives up what cannot be committed any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, this.#options.maxBatch);
        this.#inFlight = batch;
        this.#answer = this.#commit(batch);
        await this.#answer;
        this.#inFlight = [];
      }
    } finally {
      this.#inFlight = [];
      this.#running = undefined;
    }
  }

  async #commit(batch: Item[]): Promise<void> {
    for (let attempt = 1; !this.#abandoned; attempt++) {
      try {
        return await this.#options.commit(batch);
      } catch (error) {
        if (!this.#options.isTransient(error)) return await this.#split(batch, error);
        this.#options.onTrouble(error, attempt);
        await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 50 * 2 ** attempt)));
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
