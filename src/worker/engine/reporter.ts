import type { CancelTimer, Clock } from "../../runtime/clock.ts";

/** One durable log line of a running execution. */
export interface LogLine {
  /** The execution. */
  readonly id: string;
  /** How severe. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** What happened. */
  readonly message: string;
  /** JSON text of what goes with it. */
  readonly data: string | null;
  /** When, by the worker's clock. */
  readonly at: Date;
}

/** What running executions report. */
export interface Report {
  /** New log lines, oldest first. */
  readonly lines: readonly LogLine[];
  /** The last progress of each execution, as JSON text. */
  readonly progress: ReadonlyMap<string, string>;
}

/** Stores a report; gives the executions whose progress it could not store, because others have locked them for a moment. */
export type SendReport = (report: Report) => Promise<readonly string[]>;

/** Collects log lines and progress, and sends them soon: a burst is one round trip. */
export class Reporter {
  #lines: LogLine[] = [];
  #progress = new Map<string, string>();
  #cancel: CancelTimer | undefined;
  #sending: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  readonly #send: SendReport;
  readonly #delayMs: number;

  /**
   * @param clock measures the time
   * @param send stores a report
   * @param delayMs how long a burst may gather
   */
  constructor(clock: Clock, send: SendReport, delayMs = 50) {
    this.#clock = clock;
    this.#send = send;
    this.#delayMs = delayMs;
  }

  /** Adds a line. */
  log(line: LogLine): void {
    this.#lines.push(line);
    this.#arm();
  }

  /** Replaces the progress of an execution. */
  progress(id: string, value: string): void {
    this.#progress.set(id, value);
    this.#arm();
  }

  /** Passes on what there is, and waits until it is stored. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#lines.length > 0 || this.#progress.size > 0) {
      const report = { lines: this.#lines, progress: this.#progress };
      this.#lines = [];
      this.#progress = new Map();
      this.#sending = this.#sending.then(() => this.#store(report));
    }
    await this.#sending;
  }

  // The last progress of a task comes before its end. So what was skipped is sent again now, for a while.
  async #store(report: Report): Promise<void> {
    let skipped = await this.#send(report);
    for (let attempt = 1; skipped.length > 0 && attempt <= MOST_AGAIN; attempt++) {
      await this.#clock.sleep(10 * 2 ** attempt);
      const progress = new Map(skipped.map((id) => [id, report.progress.get(id)!]));
      skipped = await this.#send({ lines: [], progress });
    }
  }

  #arm(): void {
    this.#cancel ??= this.#clock.after(this.#delayMs, () => void this.flush());
  }
}

/**
 * Sends reports again, with growing pauses, if they could not be stored because the connection was cut or the server restarts. After
 * some seconds, or if the report is refused, it is dropped.
 *
 * @param send stores a report
 * @param about the clock, which errors pass, and who hears of what was given up
 * @returns what never rejects
 */
export function persistent(
  send: SendReport,
  about: {
    clock: Clock;
    isTransient: (error: unknown) => boolean;
    onLost: (report: Report, error: unknown) => void;
  },
): SendReport {
  return async (report) => {
    for (let attempt = 1;; attempt++) {
      try {
        return await send(report);
      } catch (error) {
        if (attempt > MOST_TRIES || !about.isTransient(error)) {
          about.onLost(report, error);
          return [];
        }
        await about.clock.sleep(50 * 2 ** attempt);
      }
    }
  };
}

// Six seconds in all: a server that restarts is back by then.
const MOST_TRIES = 6;

// A third of a second in all: who has it locked for longer holds up its end, too.
const MOST_AGAIN = 4;
