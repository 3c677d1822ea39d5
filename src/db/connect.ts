import type postgres from "postgres";
import type { Database, ListenOptions, Queryable, Row, Unlisten } from "./database.ts";
import { DatabaseUnavailableError, isConnectionLost, isReadOnly, toRhythmError } from "./errors.ts";
import { RhythmError } from "../shared/error.ts";
import { shownAddress } from "./server/address.ts";
import { type ConnectOptions, type Drivers, driversFor } from "./server/driver.ts";
import { type Lane, Lanes } from "./server/lanes.ts";
import { Listener } from "./server/listener.ts";

export type { ConnectOptions };

/**
 * Opens a pool of connections to a Postgres server. Connections are made when needed, and made again,
 * with growing pauses, after the server went away.
 *
 * @param options where and how
 * @returns the database
 */
export function connect(options: ConnectOptions): Database {
  try {
    return new ServerDatabase(driversFor(options), options);
  } catch (cause) {
    throw new DatabaseUnavailableError(shownAddress(options.url), { cause });
  }
}

class ServerDatabase implements Database {
  readonly kind = "server";
  readonly url: string;
  readonly #drivers: Drivers;
  readonly #lanes: Lanes;
  readonly #listening: Drivers;
  readonly #listener: Listener;

  constructor(drivers: Drivers, options: ConnectOptions) {
    const { url, listenUrl, maxConnections = 10, answerTimeoutMs, silenceMs } = options;
    this.#drivers = drivers;
    this.#lanes = new Lanes(drivers.make, { most: maxConnections, answerTimeoutMs, silenceMs });
    this.#listening = listenUrl === undefined ? drivers : driversFor({ ...options, url: listenUrl });
    this.#listener = new Listener(this.#listening.make, answerTimeoutMs ?? silenceMs);
    this.url = shownAddress(url);
  }

  get pooler(): "deaf" | "hears" | undefined {
    if (!this.#isShared) return undefined;
    return this.#listening === this.#drivers ? "deaf" : "hears";
  }

  query<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return this.#use(async (lane) => {
      const ask = (): Promise<R[]> => this.#told(lane, lane.inTime(this.#one<R>(lane, text, params)));
      try {
        return await ask();
      } catch (error) {
        if (this.#isShared || !isUnprepared(error)) throw error;
        // It did not begin: another session was asked to run what this one prepared.
        this.#drivers.foundShared();
        return await ask();
      }
    });
  }

  script(text: string): Promise<void> {
    return this.#use((lane) => this.#told(lane, lane.inTime(script(lane.sql, text, this.url))));
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#use((lane) => this.#transactionOn(lane, work));
  }

  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    try {
      if (this.#listening.mode === undefined) await this.#learnMode();
      if (this.#listening.mode === "shared") {
        options.onDeaf?.();
        options.onListen?.();
        return () => Promise.resolve();
      }
      return await this.#listener.listen(channel, options);
    } catch (error) {
      throw toRhythmError(error, this.url);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#lanes.close(), this.#listener.close()]);
  }

  get #isShared(): boolean {
    return this.#drivers.mode === "shared";
  }

  async #learnMode(): Promise<void> {
    const driver = this.#listening.make({ onClose: () => {} });
    try {
      await driver.begin();
    } finally {
      void driver.end(1);
    }
  }

  #one<R>(lane: Lane, text: string, params: readonly unknown[]): Promise<R[]> {
    if (!this.#isShared) return run<R>(lane.sql, text, params, { url: this.url });
    return this.#inTransaction<R>(lane, text, params);
  }

  // A statement outside of a transaction, in a session that is not ours: it brings a transaction with it. On one connection, all parts
  // are sent one after the other without waiting.
  async #inTransaction<R>(lane: Lane, text: string, params: readonly unknown[]): Promise<R[]> {
    const { url } = this;
    const parts = await Promise.allSettled([
      script(lane.sql, BEGIN, url),
      this.#begin(lane, lane.sql),
      run<R>(lane.sql, text, params, { url, prepare: false }),
      script(lane.sql, "commit", url),
    ]);
    for (const part of parts) if (part.status === "rejected") throw part.reason;
    return (parts[2] as PromiseFulfilledResult<R[]>).value;
  }

  async #begin(lane: Lane, sql: postgres.ISql): Promise<void> {
    lane.servedBy(undefined);
    const [row] = await run<{ pid: number }>(sql, this.#drivers.transaction, [], {
      url: this.url,
      prepare: false,
    });
    lane.servedBy(row!.pid);
  }

  async #use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#lanes.take().catch((error) => {
      throw toRhythmError(error, this.url);
    });
    try {
      return await work(lane);
    } catch (error) {
      // A server that became a standby keeps its connections; a new one may lead to the one that writes.
      if (isReadOnly(error)) lane.lose(error);
      throw error;
    } finally {
      this.#lanes.putBack(lane);
    }
  }

  // Not the driver's begin(): its commit is a prepared statement. A session that does not know that one refuses it, the transaction
  // has failed with that, and then the driver prepares and sends it again: the server rolls back, and nobody hears of it.
  async #transactionOn<T>(lane: Lane, work: (tx: Queryable) => Promise<T>): Promise<T> {
    const sql = await lane.sql.reserve();
    let failed: { readonly error: unknown } | undefined;
    const guard = async <V>(statement: () => Promise<V>): Promise<V> => {
      if (lane.lost !== undefined) throw toRhythmError(lane.lost, this.url);
      try {
        return await this.#told(lane, lane.whileWorking(statement()));
      } catch (error) {
        failed ??= { error };
        throw error;
      }
    };
    const order = (text: string): Promise<string> =>
      this.#told(lane, lane.inTime(command(sql, text, this.url)));
    try {
      await order(this.#isShared ? BEGIN : "begin");
      if (this.#isShared) await guard(() => this.#begin(lane, sql));
      const tx = queryableOf(sql, { url: this.url, prepare: !this.#isShared });
      const result = await work({
        query: (text, params) => guard(() => tx.query(text, params)),
        script: (text) => guard(() => tx.script(text)),
      });
      // What failed is told, even to somebody who did not want to know: nothing is committed.
      if (failed !== undefined) throw (failed as { error: unknown }).error;
      if (await order("commit") !== "COMMIT") throw new TransactionLostError();
      return result;
    } catch (error) {
      if (lane.lost !== undefined) throw toRhythmError(lane.lost, this.url);
      await order("rollback").catch((problem) => lane.lose(problem));
      throw error;
    } finally {
      sql.release();
    }
  }

  /** Tells the lane when what is done on it fails because its connection is lost. */
  async #told<T>(lane: Lane, result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (thrown) {
      const error = toRhythmError(thrown, this.url);
      if (!isConnectionLost(error)) throw error;
      lane.lose(thrown);
      throw toRhythmError(lane.lost, this.url);
    }
  }
}

/** Thrown when the server did not commit, and no statement says why. */
class TransactionLostError extends RhythmError {
  override readonly name = "TransactionLostError";

  constructor() {
    super("The server rolled the transaction back: nothing of it is stored", { code: "TRANSACTION_LOST" });
  }
}

// What a role or a database says about isolation is for people.
const BEGIN = "begin isolation level read committed";

/**
 * A caller's own postgres.js transaction (or connection), to run our statements in.
 *
 * @param sql what the caller's `sql.begin(async (sql) => …)` hands out
 * @param url where it is, for the sentence of an error
 * @returns the same, as a {@linkcode Queryable}
 */
export function joinTransaction(sql: postgres.ISql, url = "the caller's transaction"): Queryable {
  return queryableOf(sql, { url });
}

function queryableOf(sql: postgres.ISql, how: { url: string; prepare?: boolean }): Queryable {
  return {
    query: <R = Row>(text: string, params: readonly unknown[] = []) => run<R>(sql, text, params, how),
    script: (text: string) => script(sql, text, how.url),
  };
}

// Another server's session, or one that somebody else uses, too, does not know what was prepared, or knows something else.
function isUnprepared(error: unknown): boolean {
  const { code } = (error as { cause?: { code?: unknown } }).cause ?? {};
  return code === "26000" || code === "42P05";
}

async function script(sql: postgres.ISql, text: string, url: string): Promise<void> {
  await command(sql, text, url);
}

/** Gives the word that the server answers with: COMMIT, ROLLBACK. */
async function command(sql: postgres.ISql, text: string, url: string): Promise<string> {
  try {
    return (await sql.unsafe(text).simple()).command;
  } catch (error) {
    throw toRhythmError(error, url);
  }
}

async function run<R>(
  sql: postgres.ISql,
  text: string,
  params: readonly unknown[],
  { url, prepare = true }: { url: string; prepare?: boolean },
): Promise<R[]> {
  try {
    const rows = await sql.unsafe<Row[]>(text, params as postgres.ParameterOrJSON<never>[], { prepare });
    return withoutHoles(rows) as unknown as R[];
  } catch (error) {
    throw toRhythmError(error, url);
  }
}

/**
 * The driver counts on where an answer was cut off: the first one after it, on the same connection, begins with as many
 * places that nobody filled.
 */
function withoutHoles<T>(rows: readonly T[]): T[] {
  return rows.length > 0 && !(0 in rows) ? rows.filter(() => true) : [...rows];
}
