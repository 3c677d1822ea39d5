import type { Database, ListenOptions, Queryable, Row, Unlisten } from "./database.ts";

/** A database for one person: acts are recorded under a name, which each transaction says. */
export class NamedDatabase implements Database {
  readonly #database: Database;
  readonly #by: string;

  /**
   * Names who acts.
   *
   * @param database the database
   * @param by who acts
   */
  constructor(database: Database, by: string) {
    this.#database = database;
    this.#by = by;
  }

  get kind(): Database["kind"] {
    return this.#database.kind;
  }

  get url(): string {
    return this.#database.url;
  }

  query<R = Row>(text: string, params?: readonly unknown[]): Promise<R[]> {
    return this.transaction((tx) => tx.query<R>(text, params));
  }

  script(text: string): Promise<void> {
    return this.transaction((tx) => tx.script(text));
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#database.transaction(async (tx) => {
      await tx.query("select pg_catalog.set_config('rhythm' || '.by', $1::text, true)", [this.#by]);
      return await work(tx);
    });
  }

  listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    return this.#database.listen(channel, options);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
