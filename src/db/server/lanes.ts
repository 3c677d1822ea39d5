import type postgres from "postgres";
import { Backoff } from "./backoff.ts";
import type { MakeDriver } from "./driver.ts";

/** One connection and its driver, which nobody else uses meanwhile. */
export interface Lane {
  /** What runs statements on it. */
  readonly sql: postgres.Sql;
  /** Why nothing more can be asked of it. */
  readonly lost: unknown;
  /** Says that it is lost. */
  lose(error: unknown): void;
}

/** Connections that are made when needed, used by one at a time, and thrown away with their driver when they are lost. */
export class Lanes {
  readonly #make: MakeDriver;
  readonly #most: number;
  readonly #all = new Set<OneLane>();
  readonly #idle: OneLane[] = [];
  readonly #waiting: PromiseWithResolvers<OneLane>[] = [];
  readonly #backoff = new Backoff();
  #isClosed = false;

  /**
   * Opens nothing yet.
   *
   * @param make makes the driver of a connection
   * @param most how many there are at most
   */
  constructor(make: MakeDriver, most: number) {
    this.#make = make;
    this.#most = most;
  }

  /**
   * Does something on a connection; waits for one, if all are in use.
   *
   * @param work what to do; it has to tell the lane when the connection is lost
   * @returns what the work returned
   */
  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#take();
    try {
      const result = await work(lane);
      this.#backoff.succeeded();
      return result;
    } finally {
      this.#putBack(lane);
    }
  }

  /** Lets statements under way end, for five seconds; those that wait for a connection fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#backoff.end();
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    await Promise.all([...this.#all].map((lane) => lane.end(5)));
  }

  async #take(): Promise<OneLane> {
    if (this.#isClosed) throw closedError();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#all.size < this.#most) return await this.#open();
    const turn = Promise.withResolvers<OneLane>();
    this.#waiting.push(turn);
    return await turn.promise;
  }

  async #open(): Promise<OneLane> {
    const lane = new OneLane(this.#make, (lost) => this.#forget(lost));
    this.#all.add(lane);
    await this.#backoff.pause();
    return lane;
  }

  #putBack(lane: OneLane): void {
    const next = this.#isClosed ? undefined : this.#waiting.shift();
    if (lane.lost === undefined) {
      if (next !== undefined) next.resolve(lane);
      else this.#idle.push(lane);
      return;
    }
    this.#all.delete(lane);
    if (lane.hasFailed) this.#backoff.failed();
    void lane.end(0);
    if (next !== undefined) this.#open().then(next.resolve, next.reject);
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
  readonly #forget: (lane: OneLane) => void;
  #sql: postgres.Sql | undefined;
  #lost: unknown;
  #isEnded = false;
  /** Whether a statement failed with it, rather than that it closed of old age. */
  hasFailed = false;

  constructor(make: MakeDriver, forget: (lane: OneLane) => void) {
    this.#make = make;
    this.#forget = forget;
  }

  get sql(): postgres.Sql {
    if (this.#isEnded) throw closedError();
    return this.#sql ??= this.#make({
      onClose: () => {
        this.#lost ??= closedError();
        this.#forget(this);
      },
    });
  }

  get lost(): unknown {
    return this.#lost;
  }

  lose(error: unknown): void {
    this.#lost = error;
    this.hasFailed = true;
  }

  async end(timeout: number): Promise<void> {
    this.#isEnded = true;
    await this.#sql?.end({ timeout });
  }
}

/** What is said of a connection that is no more. */
export function closedError(): Error {
  return Object.assign(new Error("the connection is closed"), { code: "ECONNABORTED" });
}
