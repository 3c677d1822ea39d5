import type { ExecutionError, LogFields, Logger, LogLevel } from "../../define/mod.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Claimed, FailedAlone, Outcome } from "../engine/engine.ts";
import type { StepResult } from "../flows/step_result.ts";
import { lineFactsOf } from "./observer.ts";
import { Rates } from "./rates.ts";
import { isOn, type Voice, voiceOf } from "./voice.ts";
import type { WorkerStats } from "./stats.ts";

/** What a ledger needs. */
export interface LedgerParts {
  /** Measures the time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** What is counted. */
  readonly stats: WorkerStats;
}

/** The result of an attempt, as the database stored it. */
interface Entry {
  readonly claimed: Claimed;
  readonly status: Outcome["status"];
  readonly tookMs?: number | undefined;
  readonly error?: ExecutionError;
  readonly retryInMs?: number | undefined;
  readonly waits?: number;
  readonly reason?: string;
}

type LineLevel = Exclude<LogLevel, "silent">;

/** Lines of one kind within a second: those that were written, and what came after them. */
interface Burst {
  readonly voice: Voice;
  readonly level: LineLevel;
  readonly words: string;
  readonly fields: LogFields;
  written: number;
  held: number;
}

/**
 * Counts and logs the results of attempts after the database has stored them. What it refused is not counted.
 *
 * Of the lines of a second that differ only in their execution, the first few are written, and then one line with the number of the
 * others. So a busy worker does not write a log that nobody can read, or that slows it down.
 */
export class Ledger {
  /** What ended since the last heartbeat, for the database. */
  readonly rates: Rates;
  readonly #clock: Clock;
  readonly #stats: WorkerStats;
  readonly #voices: Readonly<Record<"task" | "workflow" | "worker", Voice>>;
  readonly #bursts = new Map<string, Burst>();

  /** @param parts what it needs */
  constructor({ clock, logger, stats }: LedgerParts) {
    this.rates = new Rates(clock);
    this.#clock = clock;
    this.#stats = stats;
    this.#voices = {
      task: voiceOf(logger, "task"),
      workflow: voiceOf(logger, "workflow"),
      worker: voiceOf(logger, "worker"),
    };
  }

  /** Notes that a call of the worker was answered. */
  called(ends: number, claimed: number, seconds: number): void {
    const { worker } = this.#voices;
    if (!isOn(worker, "debug") || ends + claimed === 0) return;
    worker.logger.debug(`settled ${ends}, claimed ${claimed}`, {
      ends,
      claimed,
      ms: Math.round(seconds * 1000),
    });
  }

  /** Notes that an attempt of a task starts, or that a workflow starts or continues after a wait. */
  began(claimed: Claimed): void {
    const voice = this.#voices[claimed.kind];
    const continues = claimed.kind === "workflow" && claimed.flow !== null && claimed.flow.seq > 0;
    const level = continues ? "debug" : "info";
    if (isOn(voice, level)) this.#write(voice, level, { claimed, words: continues ? "continues" : "starts" });
  }

  /** Notes that an execution has failed without a report of a worker. */
  failedAlone({ error, ...of }: FailedAlone): void {
    this.#stats.count(of.kind, of.target, { status: "failed", isOver: true });
    const voice = this.#voices[of.kind];
    if (!isOn(voice, "error")) return;
    this.#writeLine(voice, "error", {
      of,
      words: "failed",
      line: (words) => `${words}: ${error.type}: ${error.message} (attempt ${of.attempt}; it is over)`,
      fields: () => ({ ...lineFactsOf(of), error }),
    });
  }

  /**
   * Notes an outcome that the database has taken.
   *
   * @param outcome the outcome
   * @param retryInMs in how many milliseconds a failed attempt is repeated; nothing: it is not
   */
  ended(outcome: Outcome, retryInMs?: number): void {
    const { claimed, status, tookMs } = outcome;
    if (claimed === undefined) return;
    this.#note({
      claimed,
      status,
      tookMs,
      retryInMs,
      ...(status === "failed" ? { error: outcome.error } : {}),
      ...(status === "suspended" ? { waits: outcome.flow.waits.length } : {}),
      ...(status === "released" ? { reason: outcome.reason } : {}),
    });
  }

  /** Notes a step of a workflow that was settled together with the task that let it go on. */
  stepTaken({ task, tookMs, flow, step }: StepResult): void {
    if (task !== undefined) this.#note({ claimed: task, status: "completed", tookMs });
    this.#note({ claimed: flow, status: step.status, waits: step.waits.length });
  }

  /** Writes what is held back. */
  flush(): void {
    for (const { voice, level, words, fields, held } of this.#bursts.values()) {
      if (held > 0) voice.logger[level](`${words}: ${held} more within a second`, { ...fields, count: held });
    }
    this.#bursts.clear();
  }

  #note(entry: Entry): void {
    const { claimed, status, tookMs, retryInMs } = entry;
    this.#stats.count(claimed.kind, claimed.target, { status, isOver: retryInMs === undefined });
    this.rates.count(claimed, { status, tookMs, isRepeated: retryInMs !== undefined });
    const line = claimed.kind === "workflow" ? entry.error?.at?.line : undefined;
    if (line !== undefined && claimed.flow !== null) {
      this.rates.countFailure(claimed, line, retryInMs !== undefined);
    }
    const level = levelOf(status, retryInMs);
    const voice = this.#voices[claimed.kind];
    if (isOn(voice, level)) this.#write(voice, level, { ...entry, words: status });
  }

  #write(
    voice: Voice,
    level: LineLevel,
    entry: Partial<Entry> & Pick<Entry, "claimed"> & { words: string },
  ): void {
    this.#writeLine(voice, level, {
      of: entry.claimed,
      words: entry.words,
      line: (words) => this.#sentence(entry, words),
      fields: () => this.#fieldsOf(entry),
    });
  }

  #writeLine(
    voice: Voice,
    level: LineLevel,
    { of, words, line, fields }: {
      of: Pick<Claimed, "kind" | "target" | "queue">;
      words: string;
      line: (words: string) => string;
      fields: () => LogFields;
    },
  ): void {
    const key = `${level} ${of.kind} ${of.target} ${words}`;
    let burst = this.#bursts.get(key);
    if (burst === undefined) {
      if (this.#bursts.size === 0) this.#clock.after(WINDOW_MS, () => this.flush(), { background: true });
      const { kind, target, queue } = of;
      const shared = { [kind]: target, queue };
      burst = { voice, level, words: `${kind} ${target} ${words}`, fields: shared, written: 0, held: 0 };
      this.#bursts.set(key, burst);
    }
    if (burst.written >= LINES) burst.held++;
    else {
      burst.written++;
      voice.logger[level](line(burst.words), fields());
    }
  }

  #sentence(
    { claimed, error, retryInMs, tookMs, status, reason }: Partial<Entry> & Pick<Entry, "claimed">,
    words: string,
  ): string {
    if (status === "failed") {
      const tries = `attempt ${claimed.attempt}${
        claimed.maxAttempts > 1 ? `, ${claimed.failures + 1} of ${claimed.maxAttempts} threw` : ""
      }`;
      const next = retryInMs === undefined ? "it is over" : `next in ${inWords(retryInMs)}`;
      return `${words}: ${error === undefined ? "" : `${error.type}: ${error.message} `}(${tries}; ${next})`;
    }
    if (reason !== undefined) return `${words}: ${reason}`;
    if (claimed.kind === "workflow") {
      return status === "completed" || status === "cancelled"
        ? `${words} after ${inWords(this.#ageOf(claimed))}`
        : words;
    }
    return tookMs === undefined ? words : `${words} in ${inWords(tookMs)}`;
  }

  #fieldsOf(
    { claimed, error, retryInMs, tookMs, status, waits }: Partial<Entry> & Pick<Entry, "claimed">,
  ): LogFields {
    const isEnd = status === "completed" || status === "failed" || status === "cancelled";
    const ms = claimed.kind === "workflow" && isEnd ? this.#ageOf(claimed) : tookMs;
    return {
      ...lineFactsOf(claimed),
      ...(ms === undefined ? {} : { ms: Math.round(ms * 10) / 10 }),
      ...(waits === undefined || isEnd ? {} : { waits }),
      ...(status === "failed" ? { maxAttempts: claimed.maxAttempts, failures: claimed.failures + 1 } : {}),
      ...(retryInMs === undefined ? {} : { retryInMs }),
      ...(error === undefined ? {} : { error }),
    };
  }

  // The id carries the time of creation.
  #ageOf({ id }: Claimed): number {
    return Math.max(0, this.#clock.now() - Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
  }
}

function levelOf(status: Outcome["status"], retryInMs: number | undefined): LineLevel {
  if (status === "failed") return retryInMs === undefined ? "error" : "warn";
  return status === "completed" || status === "cancelled" ? "info" : "debug";
}

function inWords(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** How many lines that differ only in their execution are written within a second. */
export const LINES = 20;

const WINDOW_MS = 1_000;
