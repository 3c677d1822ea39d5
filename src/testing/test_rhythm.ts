import type { AppWorker } from "../app/app_worker.ts";
import { type FlowInput, readFlowSources } from "../app/flow_sources.ts";
import { createLogger, isLogger, type LogOptions } from "../app/log.ts";
import { checkInitOptions } from "../app/options.ts";
import { assemble, type Rhythm } from "../app/rhythm.ts";
import type { Database } from "../db/database.ts";
import { openEmbedded } from "../db/embedded.ts";
import {
  type AnyTask,
  type AnyWorkflow,
  checkArgument,
  checkShape,
  ClosedError,
  DURATION,
  type Logger,
  refuseUnknown,
} from "../define/mod.ts";
import { type Duration, durationMs } from "../shared/duration.ts";
import { RhythmError } from "../shared/error.ts";
import { TestClock } from "./clock.ts";

/** What a test's application is made of. */
export interface TestOptions {
  /** Flows: directories, `.flow` files, `{ name, source }`. */
  flows?: readonly FlowInput[];
  /** Tasks, real ones or `fakeTask()`. */
  tasks?: readonly AnyTask[];
  /** Workflows in TypeScript. */
  workflows?: readonly AnyWorkflow[];
  /** How to log, or a logger of your own. Default: not at all. */
  log?: LogOptions | Logger;
}

/** Thrown when work continues although nothing should be left to do. */
export class NotIdleError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "NotIdleError";

  /**
   * Makes the error and its message.
   *
   * @param seconds how long was waited
   * @param going what is still running
   */
  constructor(seconds: number, going: readonly string[]) {
    super(`After ${seconds} s there is still work going on: ${going.join(", ")}`, { code: "NOT_IDLE" });
  }
}

/** An application in memory, with a worker, whose time the test moves. */
export class TestRhythm implements AsyncDisposable {
  /** The application. */
  readonly rhythm: Rhythm;
  /** Its worker; it works already. */
  readonly worker: AppWorker;
  readonly #database: Database;
  readonly #clock: TestClock;
  readonly #working: Promise<void>;
  #closed = false;

  /**
   * Made by `testRhythm()`.
   *
   * @param rhythm the application
   * @param database its database
   * @param clock its clock
   */
  constructor(rhythm: Rhythm, database: Database, clock: TestClock) {
    this.rhythm = rhythm;
    this.worker = rhythm.worker({ lease: "1h", grace: "1s" });
    this.#database = database;
    this.#clock = clock;
    this.#working = this.worker.run();
  }

  /** The time as flows and engine see it. */
  get now(): Date {
    return new Date(this.#clock.now());
  }

  /**
   * Lets time pass, and waits until everything that became due meanwhile is done. It passes from one due moment to the
   * next, so that what a timer leads to can start the next timer. Work itself takes no time: a timer of a week that
   * begins before or in `advance("7d")` ends in it, however slow the machine is.
   *
   * @param duration how much time: `"7d"`
   * @throws {NotIdleError} work continues for more than 10 s at one moment
   */
  async advance(duration: Duration): Promise<void> {
    checkArgument(duration, { argument: "duration", type: DURATION, where: "advance()" });
    this.#checkOpen();
    await this.idle();
    const until = this.#clock.now() + durationMs(duration);
    for (let due = await this.#clock.tick(); due !== null && due <= until; due = await this.#clock.tick()) {
      await this.#clock.moveTo(due);
      await this.#clock.tick();
      await this.idle();
    }
    await this.#clock.moveTo(until);
    await this.#clock.tick();
    await this.idle();
  }

  /**
   * Waits until nothing can continue: every execution has ended, or waits for time or a signal.
   *
   * @param options how long to wait. Default: 10 s
   * @throws {NotIdleError} work still continues after that
   */
  async idle(options: { timeout?: Duration } = {}): Promise<void> {
    checkShape(options, { timeout: DURATION }, { where: "idle()" });
    this.#checkOpen();
    const timeoutMs = durationMs(options.timeout ?? "10s");
    const last = this.#clock.monotonic() + timeoutMs;
    for (let going = await this.#going(); going.length > 0; going = await this.#going()) {
      if (this.#clock.monotonic() > last) throw new NotIdleError(timeoutMs / 1000, going);
      await this.#clock.sleep(5);
    }
  }

  /** Stops the worker and forgets the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.worker.stop();
    await this.#working;
    await this.rhythm.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new ClosedError("The test's application");
  }

  async #going(): Promise<string[]> {
    const rows = await this.#database.query<{ target: string; status: string; note: string | null }>(
      `select e.target, e.status, e.note from rhythm.executions as e
      where e.status = 'running' or (e.status = 'pending' and coalesce(e.run_at, e.created_at) <= rhythm.now())
      order by e.id limit 10`,
    );
    return rows.map(({ target, status, note }) => `${target} (${note ?? status})`);
  }
}

/**
 * Makes an application in memory, with a worker that works already.
 *
 * @param options what the application is made of
 * @returns the application, to be disposed of at the end of the test
 */
export async function testRhythm(options: TestOptions = {}): Promise<TestRhythm> {
  refuseUnknown(options, ["flows", "tasks", "workflows", "log"], "testRhythm()");
  checkInitOptions(options, "testRhythm()");
  const sources = await readFlowSources(options.flows ?? []);
  const database = await openEmbedded({ dataDir: "memory://", schema: "rhythm" });
  const clock = new TestClock(database);
  try {
    const rhythm = await assemble({
      place: { kind: "embedded", at: "memory://" },
      database: clock.timed(),
      schema: "rhythm",
      tasks: options.tasks ?? [],
      workflows: options.workflows ?? [],
      logger: isLogger(options.log) ? options.log : createLogger({ level: "silent", ...options.log }),
      clock,
      // What moves the clock moves the engine's, too: that fires all timers then.
      keepsTimers: false,
    }, sources);
    return new TestRhythm(rhythm, database, clock);
  } catch (error) {
    await database.close();
    throw error;
  }
}
