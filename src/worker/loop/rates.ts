import type { Clock } from "../../runtime/clock.ts";
import type { ExecutionType } from "../../define/mod.ts";
import { TOOK_BOUNDS_MS } from "../../shared/limits.ts";
import type { Claimed, Outcome } from "../engine/engine.ts";

/** What ended since the last heartbeat, of one task or workflow in one queue; as `beat()` takes it. */
export interface Rate {
  /** A task, or a workflow. */
  readonly type: ExecutionType;
  /** Its name. */
  readonly target: string;
  /** The queue. */
  readonly queue: string;
  /** Those that completed. */
  completed: number;
  /** Those that failed and are not repeated. */
  failed: number;
  /** Those that were cancelled. */
  cancelled: number;
  /** Attempts that threw and are repeated. */
  retried: number;
  /** The sum of how long they took. */
  total_ms: number;
  /** How many took up to each bound; the last number is of those that took longer. */
  readonly took: number[];
}

/** How many there are at most between two heartbeats. Names beyond that are not counted. */
export const MOST_RATES = 1_000;

/** Counts what ended between two heartbeats. */
export class Rates {
  readonly #clock: Clock;
  #byKey = new Map<string, Rate>();

  /** @param clock measures the life of workflows */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts the end of an attempt of a task, or of a workflow. Anything else is not counted.
   *
   * @param claimed what ended
   * @param end how, how long it took, and whether it is repeated
   */
  count(
    claimed: Pick<Claimed, "id" | "kind" | "target" | "queue">,
    end: { status: Outcome["status"]; tookMs?: number | undefined; isRepeated: boolean },
  ): void {
    const { status, isRepeated } = end;
    if (status !== "completed" && status !== "failed" && status !== "cancelled") return;
    const rate = this.#of(claimed);
    if (rate === undefined) return;
    rate[isRepeated ? "retried" : status]++;
    if (claimed.kind === "workflow" && isRepeated) return;
    const ms = claimed.kind === "workflow"
      ? Math.max(0, this.#clock.now() - createdMs(claimed.id))
      : end.tookMs;
    if (ms === undefined) return;
    rate.total_ms += Math.round(ms);
    let bound = 0;
    while (bound < TOOK_BOUNDS_MS.length && ms > TOOK_BOUNDS_MS[bound]!) bound++;
    while (rate.took.length <= bound) rate.took.push(0);
    rate.took[bound]!++;
  }

  /** Whether there is nothing to send. */
  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  /** What was counted since the last call. What is taken and does not arrive is not counted: better too few than too many. */
  take(): Rate[] {
    const rates = [...this.#byKey.values()];
    this.#byKey = new Map();
    return rates;
  }

  #of({ kind, target, queue }: Pick<Claimed, "kind" | "target" | "queue">): Rate | undefined {
    const key = `${kind} ${target} ${queue}`;
    const found = this.#byKey.get(key);
    if (found !== undefined || this.#byKey.size >= MOST_RATES) return found;
    const rate: Rate = {
      type: kind,
      target,
      queue,
      completed: 0,
      failed: 0,
      cancelled: 0,
      retried: 0,
      total_ms: 0,
      took: [],
    };
    this.#byKey.set(key, rate);
    return rate;
  }
}

// The first half of an id is the moment at which it was made.
function createdMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
