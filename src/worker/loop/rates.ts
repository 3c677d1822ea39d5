import type { Clock } from "../../runtime/clock.ts";
import type { ExecutionType } from "../../define/mod.ts";
import { addTook, countTook, type Took } from "../../shared/took.ts";
import type { Claimed, Outcome } from "../engine/engine.ts";

/**
 * What ended since the last heartbeat, of one task or workflow in one queue; as `beat()` takes it. Or what happened at a line of a
 * flow: then completed counts those that came there, and the times are how long they waited.
 */
export interface Rate extends Took {
  /** A task, a workflow, or a line. */
  readonly type: ExecutionType | "line";
  /** Its name; the flow. */
  readonly target: string;
  /** The queue. Of a line: the version and the line, as `3:12`. */
  readonly queue: string;
  /** Those that completed. */
  completed: number;
  /** Those that failed and are not repeated. */
  failed: number;
  /** Those that were cancelled. */
  cancelled: number;
  /** Attempts that threw and are repeated. */
  retried: number;
}

/** What happened at a line. */
export interface LineCounts {
  /** The line. */
  readonly line: number;
  /** How often an activation came to an `await` there. */
  readonly came: number;
  /** How long those waited in all that have gone on. */
  readonly totalMs: number;
  /** How many waited up to each bound. */
  readonly took: readonly number[];
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
    countTook(rate, ms);
  }

  /**
   * Counts at which lines a workflow waited in a step.
   *
   * @param flow the workflow
   * @param lines the lines
   */
  countLines(flow: Pick<Claimed, "target" | "flow">, lines: readonly LineCounts[]): void {
    for (const { line, came, totalMs, took } of lines) {
      const rate = this.#ofLine(flow, line);
      if (rate === undefined) return;
      rate.completed += came;
      addTook(rate, { total_ms: totalMs, took });
    }
  }

  /** Counts a failure at the line where it was thrown. */
  countFailure(flow: Pick<Claimed, "target" | "flow">, line: number, isRepeated: boolean): void {
    const rate = this.#ofLine(flow, line);
    if (rate !== undefined) rate[isRepeated ? "retried" : "failed"]++;
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
    return this.#entry(kind, target, queue);
  }

  #ofLine({ target, flow }: Pick<Claimed, "target" | "flow">, line: number): Rate | undefined {
    return this.#entry("line", target, `${flow!.version}:${line}`);
  }

  #entry(type: Rate["type"], target: string, queue: string): Rate | undefined {
    const key = `${type} ${target} ${queue}`;
    const found = this.#byKey.get(key);
    // The second half is for ends: lines must not keep those from being counted.
    const most = type === "line" ? MOST_RATES / 2 : MOST_RATES;
    if (found !== undefined || this.#byKey.size >= most) return found;
    const rate: Rate = {
      type,
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
