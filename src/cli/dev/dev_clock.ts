import { fireDue, goingOn, nextDue, pushClock } from "../../db/calls/pushed_clock.ts";
import type { Database } from "../../db/database.ts";
import { readPush, writePush } from "../../db/embedded_clock.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";

/** What became of a push. */
export interface Pushed {
  /** How far the clock is ahead of the real one now, in milliseconds. */
  readonly shiftMs: number;
  /** How far this push has come. */
  readonly movedMs: number;
  /** At how many moments something was due. */
  readonly stops: number;
  /** Why it did not come all the way; null: it did. */
  readonly stopped: string | null;
}

/** What a clock belongs to. */
export interface ClockPlace {
  /** Where the data are. */
  readonly dataDir: string;
  /** The engine's schema. */
  readonly schema: string;
  /** How long a push may take. */
  readonly patienceMs?: number;
}

/**
 * The clock of `rhythm dev` on an embedded database. It goes as the real one does, and can be pushed ahead. A push goes from one due
 * moment to the next, and lets what became due be done there, so that what a timer leads to can start the next one.
 */
export class DevClock implements Clock {
  readonly monotonic = systemClock.monotonic;
  readonly after = systemClock.after;
  readonly nextTurn = systemClock.nextTurn;
  readonly sleep = systemClock.sleep;
  readonly random = systemClock.random;
  readonly randomBytes = systemClock.randomBytes;
  readonly uuid = systemClock.uuid;
  readonly #dataDir: string;
  readonly #database: Database;
  readonly #schema: string;
  readonly #patienceMs: number;
  #shiftMs = 0;
  #pushing: Promise<unknown> = Promise.resolve();

  /**
   * Made by {@linkcode DevClock.open}.
   *
   * @param database the embedded database
   * @param place where its data are, the schema, and how long a push may take
   */
  private constructor(database: Database, { dataDir, schema, patienceMs = PATIENCE_MS }: ClockPlace) {
    this.#database = database;
    this.#dataDir = dataDir;
    this.#schema = schema;
    this.#patienceMs = patienceMs;
  }

  /** The clock of an embedded database, as far ahead as it was pushed before. */
  static async open(database: Database, place: ClockPlace): Promise<DevClock> {
    const clock = new DevClock(database, place);
    clock.#shiftMs = await readPush(place.dataDir);
    return clock;
  }

  /** The time it shows. */
  now(): number {
    return systemClock.now() + this.#shiftMs;
  }

  /** How far it is ahead of the real one, in milliseconds. */
  get shiftMs(): number {
    return this.#shiftMs;
  }

  /**
   * Pushes it, and does what becomes due on the way. Gives up after some seconds, where it has come to.
   *
   * @param ms how far; null: to the next due moment
   */
  async push(ms: number | null): Promise<Pushed> {
    const push = this.#pushing.then(() => this.#push(ms));
    this.#pushing = push.catch(() => {});
    return await push;
  }

  async #push(ms: number | null): Promise<Pushed> {
    const engine = { on: this.#database, schema: this.#schema };
    const begun = this.#shiftMs;
    const patience = this.monotonic() + this.#patienceMs;
    let stops = 0;
    const end = (stopped: string | null): Pushed => ({
      ...{ shiftMs: this.#shiftMs, movedMs: this.#shiftMs - begun, stops, stopped },
    });
    let stopped = await this.#idle(patience);
    if (stopped !== null) return end(stopped);
    const until = ms === null ? null : begun + ms;
    for (;;) {
      const { now, due } = await nextDue(engine);
      const wanted = due === null ? null : this.#shiftMs + Math.max(0, due - now) + 1;
      if (wanted === null && until === null) return end("nothing is due");
      if (until !== null && (wanted === null || wanted >= until)) break;
      if (this.monotonic() > patience) {
        return end(`much is due on the way: ${stops} times so far. Push it again`);
      }
      await this.#to(Math.ceil(wanted!));
      stops++;
      await fireDue(engine);
      stopped = await this.#idle(patience);
      if (stopped !== null || until === null) return end(stopped);
    }
    await this.#to(until);
    await fireDue(engine);
    return end(await this.#idle(patience));
  }

  async #to(shiftMs: number): Promise<void> {
    if (shiftMs <= this.#shiftMs) return;
    // A process that opens the data after a crash must not be earlier than what was made.
    await writePush(this.#dataDir, shiftMs);
    await pushClock({ database: this.#database, schema: this.#schema }, shiftMs);
    this.#shiftMs = shiftMs;
  }

  // Until everything waits for time or a signal. Why not, otherwise.
  async #idle(patience: number): Promise<string | null> {
    const engine = { on: this.#database, schema: this.#schema };
    const begun = this.monotonic();
    for (;;) {
      const going = await goingOn(engine);
      const [first] = going;
      // What nobody here takes is not waited for.
      if (first === undefined || (!first.isRunning && this.monotonic() > begun + UNTAKEN_MS)) return null;
      if (this.monotonic() > patience) return `${first.target} still runs. Push it again when it is done`;
      await this.sleep(20);
    }
  }
}

const PATIENCE_MS = 8_000;
const UNTAKEN_MS = 1_000;
