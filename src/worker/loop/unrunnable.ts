import type { Logger } from "../../define/mod.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Claimed, Outcome, Unserved } from "../engine/engine.ts";
import { leaseOf } from "../engine/outcome.ts";

/** What is missing to run an execution. */
export type Missing = "handler" | "program";

/**
 * Executions that this worker cannot run. It gives them back at once, with a growing pause, and logs an error if no worker has run
 * them for a while.
 */
export class UnrunnableWork {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #seen = new Map<string, { since: number; told: number; pauseMs: number }>();

  /** @param logger where it is said @param clock measures the time */
  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The outcome that leaves an execution to others. */
  handBack(claimed: Claimed, missing: Missing): Outcome {
    const what = claimed.kind === "task"
      ? `no handler for task "${claimed.target}"`
      : `no program of flow "${claimed.target}"`;
    const reason = `The worker that claimed it has ${
      missing === "handler" ? what : `${what} that it can run`
    }`;
    const pauseMs = this.#note(claimed, what);
    return { ...leaseOf(claimed), claimed, status: "released", reason, delayMs: pauseMs };
  }

  /** Says what nobody can run. */
  tell(unserved: readonly Unserved[]): void {
    for (const { queue, target, executions, seconds } of unserved) {
      this.#logger.error(
        `nobody runs task "${target}": ${executions} executions of queue "${queue}" wait, the oldest for ${seconds} s, ` +
          `and no live worker has a handler for it`,
        { queue, target, executions, seconds },
      );
    }
  }

  #note(claimed: Claimed, what: string): number {
    const key = `${claimed.kind} ${claimed.target}`;
    const now = this.#clock.monotonic();
    const seen = this.#seen.get(key) ?? { since: now, told: -Infinity, pauseMs: FIRST_PAUSE_MS / 2 };
    this.#seen.set(key, seen);
    seen.pauseMs = Math.min(LONGEST_PAUSE_MS, seen.pauseMs * 2);
    if (now - seen.since >= PATIENCE_MS && now - seen.told >= PATIENCE_MS) {
      seen.told = now;
      this.#logger.error(
        `nobody runs ${claimed.kind} "${claimed.target}": this worker has ${what}, and for ` +
          `${
            Math.round((now - seen.since) / 1000)
          } s no other worker of queue "${claimed.queue}" has taken it`,
        { queue: claimed.queue, target: claimed.target, execution: claimed.id },
      );
    } else {
      this.#logger.debug(`left for others: ${what}`, { execution: claimed.id });
    }
    return seen.pauseMs;
  }
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** How long work may wait for a worker that can run it before an error is logged. */
export const PATIENCE_MS = 30_000;
