/** A row as it comes from Postgres: column name to value. */
export type Row = Record<string, unknown>;

/** What runs statements: a database, or one transaction of it. JSON parameters are given as JSON text. */
export interface Queryable {
  /**
   * Runs one statement.
   *
   * @param text the statement, with `$1`, `$2` … for the parameters
   * @param params the parameters; for `json` and `jsonb` their JSON text
   * @returns the rows
   */
  query<R = Row>(text: string, params?: readonly unknown[]): Promise<R[]>;

  /**
   * Runs a script of several statements, without parameters or results; `begin` and `commit` are `transaction()`'s.
   *
   * @param text the script
   */
  script(text: string): Promise<void>;
}

/** Ends a subscription made by {@linkcode Database.listen}. */
export type Unlisten = () => Promise<void>;

/** A Postgres, on a server or embedded in this process. */
export interface Database extends Queryable {
  /** Whether it is a server that others reach too, or lives in this process alone. */
  readonly kind: "server" | "embedded";
  /** Where it is, without the password. */
  readonly url: string;
  /** Behind a pooler in transaction mode: whether notifications come another way. Known after the first statement. */
  readonly pooler?: "deaf" | "hears" | undefined;

  /**
   * Runs work in one transaction: committed when it resolves, rolled back when it rejects.
   *
   * @param work what to do, on the connection of the transaction
   * @returns what the work returned
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;

  /**
   * Calls back on every NOTIFY of a channel, also after the connection was lost and made again.
   *
   * @param channel the channel
   * @param options what to call on a notification, and whenever listening begins (again): notifications may have been missed before
   * @returns a function that stops listening
   */
  listen(channel: string, options: ListenOptions): Promise<Unlisten>;

  /** Closes all connections; statements under way are given a few seconds. */
  close(): Promise<void>;
}

/** What {@linkcode Database.listen} calls. */
export interface ListenOptions {
  /** Called with the payload of each notification. */
  onNotify: (payload: string) => void;
  /** Called each time listening begins: at first, and after a lost connection was made again. */
  onListen?: () => void;
  /** Called instead of listening where no notification arrives: behind a pooler in transaction mode. */
  onDeaf?: () => void;
}
