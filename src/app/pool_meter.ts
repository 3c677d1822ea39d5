import type { Database, ListenOptions, Queryable, Row, Unlisten } from "../db/database.ts";

/** How a pool of connections is used now. */
export interface PoolUse {
  /** What it is for: `client`, `worker`, `transactional`. */
  readonly pool: string;
  /** How many connections it may open. */
  readonly size: number;
  /** How many statements and transactions have one. */
  readonly inUse: number;
  /** How many wait for one. */
  readonly waiting: number;
}

/** A database that counts who uses it: more at once than there are connections wait their turn. */
export class MeteredDatabase implements Database {
  readonly #database: Database;
  readonly #size: number;
  #busy = 0;

  /**
   * Meters a database.
   *
   * @param database what is metered
   * @param size how many connections it may open
   */
  constructor(database: Database, size: number) {
    this.#database = database;
    this.#size = size;
  }

  get kind(): Database["kind"] {
    return this.#database.kind;
  }

  get url(): string {
    return this.#database.url;
  }

  /** How it is used now. */
  use(pool: string): PoolUse {
    const inUse = Math.min(this.#busy, this.#size);
    return { pool, size: this.#size, inUse, waiting: this.#busy - inUse };
  }

  query<R = Row>(text: string, params?: readonly unknown[]): Promise<R[]> {
    return this.#counted(() => this.#database.query<R>(text, params));
  }

  script(text: string): Promise<void> {
    return this.#counted(() => this.#database.script(text));
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#counted(() => this.#database.transaction(work));
  }

  listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    return this.#database.listen(channel, options);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #counted<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
    }
  }
}
