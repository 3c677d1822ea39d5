import type postgres from "postgres";
import { Backoff } from "./backoff.ts";
import { type CancelTimer, systemClock } from "../../runtime/clock.ts";
import { closedError, type Driver, type MakeDriver, timeoutError } from "./driver.ts";

/** One connection and its driver, for one user at a time. */
export interface Lane {
  /** What runs statements on it. */
  readonly sql: postgres.Sql;
  /** Why nothing more can be asked of it. */
  readonly lost: unknown;
  /** Says which process of the server works for it; nothing: nobody knows. */
  servedBy(process: number | undefined): void;
  /** Says that it is lost. */
  lose(error: unknown): void;
  /** Waits for an answer: within the time limit for answers, if there is one. */
  inTime<T>(answer: Promise<T>): Promise<T>;
  /** Waits for an answer as long as the server works on it. */
  whileWorking<T>(answer: Promise<T>): Promise<T>;
}

/** How connections are used. */
export interface LaneOptions {
  /** How many there are at most. */
  readonly most: number;
  /** The time limit for answers. */
  readonly answerTimeoutMs?: number | undefined;
  /** After how long without an answer the server is asked whether it still works on it. Default: 10,000. */
  readonly silenceMs?: number | undefined;
}

/**
 * Connections that are made when needed, used by one at a time, and thrown away with their driver when they are lost.
 *
 * A connection whose other side is gone silently (power loss, a firewall that forgot it) gives neither an answer nor
 * an error. So every wait for an answer has an end: a time limit, or a look from another connection at what the server does.
 */
export class Lanes {
  readonly #make: MakeDriver;
  readonly #options: LaneOptions;
  readonly #all = new Set<OneLane>();
  readonly #idle: OneLane[] = [];
  readonly #waiting: PromiseWithResolvers<OneLane>[] = [];
  readonly #backoff = new Backoff();
  #isClosed = false;

  /**
   * Opens nothing yet.
   *
   * @param make makes the driver of a connection
   * @param options how many there are, and how long answers may take
   */
  constructor(make: MakeDriver, options: LaneOptions) {
    this.#make = make;
    this.#options = options;
  }

  /**
   * A free connection; waits for one, if all are in use.
   *
   * @returns to be given back by {@linkcode Lanes.putBack}
   * @throws the driver's error, when no connection can be made
   */
  async take(): Promise<Lane> {
    if (this.#isClosed) throw closedError();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#all.size < this.#options.most) return await this.#open();
    const turn = Promise.withResolvers<OneLane>();
    this.#waiting.push(turn);
    return await turn.promise;
  }

  /** Gives a connection back; one that is lost is replaced when it is needed. */
  putBack(used: Lane): void {
    const lane = used as OneLane;
    const next = this.#isClosed ? undefined : this.#waiting.shift();
    if (lane.lost === undefined) {
      this.#backoff.succeeded();
      if (next !== undefined) next.resolve(lane);
      else this.#idle.push(lane);
      return;
    }
    this.#drop(lane);
    if (next !== undefined) this.#open().then(next.resolve, next.reject);
  }

  /** Lets statements under way end, for five seconds; those that wait for a connection fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#backoff.end();
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    await Promise.all([...this.#all].map((lane) => lane.end(5)));
  }

  async #open(): Promise<OneLane> {
    const lane = new OneLane(this.#make, this.#options, (lost) => this.#forget(lost));
    this.#all.add(lane);
    try {
      await this.#backoff.pause();
      if (this.#isClosed) throw closedError();
      await lane.begin();
      return lane;
    } catch (error) {
      lane.lose(error);
      this.#drop(lane);
      const next = this.#isClosed ? undefined : this.#waiting.shift();
      if (next !== undefined) this.#open().then(next.resolve, next.reject);
      throw error;
    }
  }

  #drop(lane: OneLane): void {
    this.#all.delete(lane);
    if (lane.hasFailed) this.#backoff.failed();
    void lane.end(0);
  }

  // One that is in use is forgotten when it is put back.
  #forget(lane: OneLane): void {
    const at = this.#idle.indexOf(lane);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#all.delete(lane);
    void lane.end(0);
  }
}

class OneLane implements Lane {
  readonly #make: MakeDriver;
  readonly #options: LaneOptions;
  readonly #driver: Driver;
  #process: number | undefined;
  #lost: unknown;
  /** Whether a statement failed because of it. False: it was closed because it was old. */
  hasFailed = false;

  constructor(make: MakeDriver, options: LaneOptions, forget: (lane: OneLane) => void) {
    this.#make = make;
    this.#options = options;
    this.#driver = make({
      onClose: () => {
        this.#lost ??= closedError();
        forget(this);
      },
    });
  }

  get sql(): postgres.Sql {
    return this.#driver.sql;
  }

  get lost(): unknown {
    return this.#lost;
  }

  async begin(): Promise<void> {
    this.#process = await this.#driver.begin();
  }

  servedBy(process: number | undefined): void {
    this.#process = process;
  }

  lose(error: unknown): void {
    // What follows from the first reason says less.
    if (!this.hasFailed) this.#lost = error;
    this.hasFailed = true;
  }

  async inTime<T>(answer: Promise<T>): Promise<T> {
    const { answerTimeoutMs } = this.#options;
    if (answerTimeoutMs === undefined) return await this.whileWorking(answer);
    return await this.#watched(answer, answerTimeoutMs, () => this.#giveUp(answerTimeoutMs));
  }

  async whileWorking<T>(answer: Promise<T>): Promise<T> {
    const silenceMs = this.#options.silenceMs ?? SILENCE_MS;
    let silences = 0;
    return await this.#watched(answer, silenceMs, async (again) => {
      silences++;
      if (await this.#isWorking(silenceMs)) again(silenceMs);
      // The answer may be on its way.
      else if (silences === 1) again(Math.min(1_000, silenceMs));
      else this.#giveUp(silenceMs);
    });
  }

  async end(seconds: number): Promise<void> {
    await this.#driver.end(seconds);
  }

  async #watched<T>(
    answer: Promise<T>,
    ms: number,
    onSilence: (again: (ms: number) => void) => void,
  ): Promise<T> {
    const gaveUp = Promise.withResolvers<never>();
    let isOver = false;
    let cancel: CancelTimer;
    const again = (ms: number): void => {
      if (!isOver) cancel = systemClock.after(ms, () => void look());
    };
    const look = async (): Promise<void> => {
      await onSilence(again);
      if (this.#lost !== undefined) gaveUp.reject(this.#lost);
    };
    again(ms);
    try {
      return await Promise.race([answer, gaveUp.promise]);
    } finally {
      isOver = true;
      cancel!();
      // It may still end later, when nobody waits for it any more.
      answer.catch(() => {});
      gaveUp.promise.catch(() => {});
    }
  }

  #giveUp(afterMs: number): void {
    this.lose(timeoutError(`no answer within ${afterMs / 1000} s, the connection was given up`));
    void this.end(0);
  }

  /** Whether the server says that it is busy with what this connection asked. A server that is not reached is not. */
  async #isWorking(limitMs: number): Promise<boolean> {
    if (this.#process === undefined) return true;
    const other = this.#make({ onClose: () => {} });
    const cancel = systemClock.after(Math.max(1_000, limitMs), () => void other.end(0));
    try {
      await other.begin();
      const rows = await other.sql.unsafe(
        "select from pg_catalog.pg_stat_activity as a where a.pid = $1 and a.state = 'active'",
        [this.#process],
      );
      return rows.length > 0;
    } catch (error) {
      // A server that refuses another connection is there.
      return error instanceof Error && "severity" in error;
    } finally {
      cancel();
      void other.end(0);
    }
  }
}

const SILENCE_MS = 10_000;
