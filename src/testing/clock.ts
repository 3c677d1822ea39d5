import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Database, Queryable } from "../db/database.ts";

/** What each statement adds to the time, in microseconds: what is made one after another gets times and ids in that order. */
const STATEMENT_US = 1;

/** The engine's clock, which does not move until a test moves it. Timers and random numbers are those of the machine. */
export class TestClock implements Clock {
  readonly monotonic = systemClock.monotonic;
  readonly after = systemClock.after;
  readonly nextTurn = systemClock.nextTurn;
  readonly sleep = systemClock.sleep;
  readonly random = systemClock.random;
  readonly randomBytes = systemClock.randomBytes;
  readonly uuid = systemClock.uuid;
  readonly #database: Database;
  #ms = Math.floor(systemClock.now());
  #statementsUs = 0;

  /**
   * Made by the test's application.
   *
   * @param database the one session that the whole application uses
   */
  constructor(database: Database) {
    this.#database = database;
  }

  /** The time it shows, in milliseconds. */
  now(): number {
    return this.#ms;
  }

  /** The database with this clock: every statement has a time of its own. */
  timed(): Database {
    const database = this.#database;
    const next = (on: Queryable): Promise<void> => {
      this.#statementsUs += STATEMENT_US;
      return this.#set(on);
    };
    return {
      kind: database.kind,
      url: database.url,
      query: async (text, params) => {
        await next(database);
        return await database.query(text, params);
      },
      script: async (text) => {
        await next(database);
        await database.script(text);
      },
      transaction: (work) =>
        database.transaction(async (tx) => {
          await next(tx);
          return await work(tx);
        }),
      listen: (channel, options) => database.listen(channel, options),
      close: () => database.close(),
    };
  }

  /** Moves it on, if that is later. No worker counts as dead because of it: each sends a heartbeat at the new time. */
  async moveTo(ms: number): Promise<void> {
    if (ms <= this.#ms) return;
    this.#ms = ms;
    await this.#set(this.#database);
    await this.#database.query("select rhythm.beat(w.id) from rhythm.workers as w");
  }

  /**
   * Does what is due.
   *
   * @returns where to move the clock for the next timer, wait, delay or schedule, in milliseconds; null: there is none
   */
  async tick(): Promise<number | null> {
    await this.#set(this.#database);
    await this.#database.query("select rhythm.tick()");
    const [row] = await this.#database.query<{ ms: number | null }>(
      `select (extract(epoch from least(
        (select min(w.until) from rhythm.waits as w),
        (select min(s.next_run_at) from rhythm.schedules as s),
        (select min(e.run_at) from rhythm.executions as e where e.status = 'pending' and e.run_at > rhythm.now())
      )) * 1000)::float8 as ms`,
    );
    // The statements since it was made have added at least as much to the time as those before it.
    return row!.ms === null ? null : Math.ceil(row!.ms - this.#statementsUs / 1000);
  }

  #set(on: Queryable): Promise<void> {
    const us = this.#ms * 1000 + this.#statementsUs;
    const moment = new Date(Math.floor(us / 1000)).toISOString().slice(0, -1);
    return on.script(`set rhythm_clock.at = '${moment}${String(us % 1000).padStart(3, "0")}Z'`);
  }
}
