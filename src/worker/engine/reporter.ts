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

/** Collects log lines and progress, and sends them soon: a burst is one round trip. */
export class Reporter {
  #lines: LogLine[] = [];
  #progress = new Map<string, string>();
  #cancel: CancelTimer | undefined;
  #sending: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  readonly #send: (report: Report) => Promise<void>;
  readonly #delayMs: number;

  /**
   * @param clock measures the time
   * @param send stores a report
   * @param delayMs how long a burst may gather
   */
  constructor(clock: Clock, send: (report: Report) => Promise<void>, delayMs = 50) {
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
      this.#sending = this.#sending.then(() => this.#send(report));
    }
    await this.#sending;
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
  send: (report: Report) => Promise<void>,
  about: {
    clock: Clock;
    isTransient: (error: unknown) => boolean;
    onLost: (report: Report, error: unknown) => void;
  },
): (report: Report) => Promise<void> {
  return async (report) => {
    for (let attempt = 1;; attempt++) {
      try {
        return await send(report);
      } catch (error) {
        if (attempt > MOST_TRIES || !about.isTransient(error)) return about.onLost(report, error);
        await about.clock.sleep(50 * 2 ** attempt);
      }
    }
  };
}

// Six seconds in all: a server that restarts is back by then.
const MOST_TRIES = 6;
