import type { Database, Unlisten } from "../db/database.ts";

/** A notification channel whose payloads are ids of executions. It is listened to from when somebody first asks. */
export class Channel {
  readonly #database: Database;
  readonly #name: string;
  readonly #onNews: (id: string) => void;
  readonly #ears = new Map<string, Set<() => void>>();
  #listening: Promise<Unlisten> | undefined;

  /**
   * @param database where it is
   * @param options its name, and who hears everything
   */
  constructor(database: Database, options: { name: string; onNews?: (id: string) => void }) {
    this.#database = database;
    this.#name = options.name;
    this.#onNews = options.onNews ?? (() => {});
  }

  /** Makes sure that notifications arrive; rejects where none can. */
  async open(): Promise<void> {
    this.#listening ??= this.#database.listen(this.#name, {
      onNotify: (id) => this.#tell(id),
      // The connection was lost and is there again: what was said meanwhile is lost.
      onListen: () => [...this.#ears.keys()].forEach((id) => this.#ring(id)),
    });
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }

  /** Calls back on news of an execution; gives what ends that. */
  hear(id: string, onNews: () => void): () => void {
    const ears = this.#ears.get(id) ?? new Set();
    this.#ears.set(id, ears.add(onNews));
    return () => {
      ears.delete(onNews);
      if (ears.size === 0 && this.#ears.get(id) === ears) this.#ears.delete(id);
    };
  }

  /** Stops listening. */
  async close(): Promise<void> {
    const unlisten = await this.#listening?.catch(() => undefined);
    await unlisten?.().catch(() => {});
  }

  #tell(id: string): void {
    this.#onNews(id);
    this.#ring(id);
  }

  #ring(id: string): void {
    for (const ear of this.#ears.get(id) ?? []) ear();
  }
}
