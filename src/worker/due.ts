import type { Outcome } from "./engine.ts";

/**
 * When an outcome makes a tick due: a timer it starts, a wait it limits, a retry or a release with a pause. Without
 * it a worker would not learn of what it made itself before its next regular tick.
 *
 * @param outcome what is settled
 * @param now the clock of flows, in milliseconds
 * @returns milliseconds from now; nothing: it makes none due
 */
export function dueAfter(outcome: Outcome, now = Date.now()): number | undefined {
  // The pause before a retry is the engine's to choose: a tick right after asks for it.
  if (outcome.status === "failed") return outcome.retryable ? 0 : undefined;
  if (outcome.status === "released") return outcome.delayMs > 0 ? outcome.delayMs : undefined;
  if (outcome.status !== "suspended") return undefined;
  let soonest: number | undefined;
  for (const effect of outcome.flow.effects) {
    const { type, at, timeoutAt, options } = effect as unknown as Timed;
    // Another session may be at what its key stands for: the engine looks again.
    if (options?.idempotencyKey !== undefined) soonest = Math.min(soonest ?? Infinity, 50);
    const moment = type === "start_timer" ? at : type === "await_signal" ? timeoutAt : undefined;
    if (moment === undefined) continue;
    const ms = Math.max(0, Date.parse(moment) - now);
    if (soonest === undefined || ms < soonest) soonest = ms;
  }
  return soonest;
}

/** How many executions the settle of some outcomes may bring along at most: children, and workflows that go on. */
export function broughtBy(outcomes: readonly Outcome[]): number {
  let most = 0;
  for (const outcome of outcomes) {
    if (outcome.hasParent) most++;
    if ("flow" in outcome && outcome.flow !== undefined) most += 1 + outcome.flow.effects.length;
  }
  return most;
}

interface Timed {
  readonly type: string;
  readonly at?: string;
  readonly timeoutAt?: string;
  readonly options?: { readonly idempotencyKey?: string };
}
