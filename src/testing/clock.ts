import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Database, Queryable } from "../db/database.ts";

/**
 * The engine's clock, moved by a test; it goes on at its own pace from wherever it was put. Timers and chance are the
 * machine's.
 */
export class TestClock implements Clock {
  readonly monotonic = systemClock.monotonic;
  readonly after = systemClock.after;
  readonly nextTurn = systemClock.nextTurn;
  readonly sleep = systemClock.sleep;
  readonly random = systemClock.random;
  readonly randomBytes = systemClock.randomBytes;
  readonly uuid = systemClock.uuid;
  readonly #database: Database;
  #shiftMs = 0;

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
    return systemClock.now() + this.#shiftMs;
  }

  /** Moves it on, if that is later. No worker is given up for it: each gives a sign of life at the new time. */
  async moveTo(ms: number): Promise<void> {
    const shiftMs = ms - systemClock.now();
    if (shiftMs <= this.#shiftMs) return;
    await this.#database.transaction(async (tx: Queryable) => {
      await tx.query("select set_config('rhythm_clock.shift', $1, false)", [`${shiftMs} milliseconds`]);
      await tx.query("select rhythm.beat(w.id) from rhythm.workers as w");
    });
    this.#shiftMs = shiftMs;
  }

  /** Does what is due; gives the moment when the next timer, wait, delay or schedule is, in milliseconds; nothing: none is. */
  async tick(): Promise<number | null> {
    await this.#database.query("select rhythm.tick()");
    const [row] = await this.#database.query<{ ms: number | null }>(
      `select (extract(epoch from least(
        (select min(w.until) from rhythm.waits as w),
        (select min(s.next_run_at) from rhythm.schedules as s),
        (select min(e.run_at) from rhythm.executions as e where e.status = 'pending' and e.run_at > rhythm.now())
      )) * 1000)::float8 as ms`,
    );
    return row!.ms;
  }
}
