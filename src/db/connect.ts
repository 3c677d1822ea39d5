import type postgres from "postgres";
import type { Database, ListenOptions, Queryable, Row, Unlisten } from "./database.ts";
import { DatabaseUnavailableError, isConnectionLost, isReadOnly, toRhythmError } from "./errors.ts";
import { shownAddress } from "./server/address.ts";
import { type ConnectOptions, driverFor, type MakeDriver } from "./server/driver.ts";
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
    return new ServerDatabase(driverFor(options), options);
  } catch (cause) {
    throw new DatabaseUnavailableError(shownAddress(options.url), { cause });
  }
}

class ServerDatabase implements Database {
  readonly kind = "server";
  readonly url: string;
  readonly #lanes: Lanes;
  readonly #listener: Listener;

  constructor(make: MakeDriver, { url, maxConnections = 10, answerTimeoutMs, silenceMs }: ConnectOptions) {
    this.#lanes = new Lanes(make, { most: maxConnections, answerTimeoutMs, silenceMs });
    this.#listener = new Listener(make, answerTimeoutMs ?? silenceMs);
    this.url = shownAddress(url);
  }

  query<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return this.#use((lane) => this.#told(lane, lane.inTime(run<R>(lane.sql, text, params, this.url))));
  }

  script(text: string): Promise<void> {
    return this.#use((lane) => this.#told(lane, lane.inTime(script(lane.sql, text, this.url))));
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#use((lane) => this.#transactionOn(lane, work));
  }

  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    try {
      return await this.#listener.listen(channel, options);
    } catch (error) {
      throw toRhythmError(error, this.url);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#lanes.close(), this.#listener.close()]);
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

  async #transactionOn<T>(lane: Lane, work: (tx: Queryable) => Promise<T>): Promise<T> {
    const guard = <V>(statement: () => Promise<V>): Promise<V> => {
      if (lane.lost !== undefined) return Promise.reject(toRhythmError(lane.lost, this.url));
      return this.#told(lane, lane.whileWorking(statement()));
    };
    const begun = Promise.withResolvers<void>();
    const worked = Promise.withResolvers<void>();
    const whole = lane.sql.begin(async (sql) => {
      begun.resolve();
      const tx = joinTransaction(sql, this.url);
      try {
        return await work({
          query: (text, params) => guard(() => tx.query(text, params)),
          script: (text) => guard(() => tx.script(text)),
        });
      } catch (error) {
        throw new ThrownByWork(error);
      } finally {
        worked.resolve();
        // On a lost connection the driver's commit or rollback throws where it cannot be caught. begin() itself rejects.
        if (lane.lost !== undefined) await new Promise<never>(() => {});
      }
    }) as Promise<T>;
    try {
      await this.#told(lane, lane.inTime(Promise.race([begun.promise, whole])));
      await Promise.race([worked.promise, whole]);
      return await this.#told(lane, lane.inTime(whole));
    } catch (error) {
      whole.catch(() => {});
      if (error instanceof ThrownByWork) throw error.error;
      throw toRhythmError(error, this.url);
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

/** What the work of a transaction threw by itself: none of the database's errors, whatever it looks like. */
class ThrownByWork {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * A caller's own postgres.js transaction (or connection), to run our statements in.
 *
 * @param sql what the caller's `sql.begin(async (sql) => …)` hands out
 * @param url where it is, for the sentence of an error
 * @returns the same, as a {@linkcode Queryable}
 */
export function joinTransaction(sql: postgres.ISql, url = "the caller's transaction"): Queryable {
  return {
    query: <R = Row>(text: string, params: readonly unknown[] = []) => run<R>(sql, text, params, url),
    script: (text: string) => script(sql, text, url),
  };
}

async function script(sql: postgres.ISql, text: string, url: string): Promise<void> {
  try {
    await sql.unsafe(text).simple();
  } catch (error) {
    throw toRhythmError(error, url);
  }
}

async function run<R>(
  sql: postgres.ISql,
  text: string,
  params: readonly unknown[],
  url: string,
): Promise<R[]> {
  try {
    const rows = await sql.unsafe<Row[]>(text, params as postgres.ParameterOrJSON<never>[], {
      prepare: true,
    });
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
