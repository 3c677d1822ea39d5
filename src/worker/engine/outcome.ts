import { EngineError } from "../../db/errors.ts";
import { RhythmError } from "../../shared/error.ts";
import { KEPT_TIMER_MS } from "../../shared/limits.ts";
import type { Claimed, Ends, Lease, Outcome, StepEnd } from "./engine.ts";

/** The lease that came with a claimed execution. */
export function leaseOf({ id, call, flow }: Claimed): Lease {
  return flow === null ? { id, call } : { id, call, seq: flow.seq };
}

/** The outcome that gives a claimed execution back at once, without running it. */
export function releasedOf(claimed: Claimed, reason: string): Outcome {
  return { ...leaseOf(claimed), claimed, status: "released", reason, delayMs: 0 };
}

/**
 * How an execution fails whose outcome the database refuses.
 *
 * @param outcome what could not be stored
 * @param error why
 * @returns the failure; nothing: that is what could not be stored
 */
export function failedToSettle(outcome: Outcome, error: unknown): Outcome | undefined {
  if (outcome.status === "failed" && outcome.error.type === "SettleError") return undefined;
  const detail = error instanceof EngineError && error.detail !== undefined ? ` (${error.detail})` : "";
  const message = (error instanceof Error ? error.message : String(error)) + detail;
  const code = error instanceof RhythmError ? { code: error.code } : {};
  const { id, call, claimed } = outcome;
  const reason = {
    type: "SettleError",
    message: `The ${outcome.status} outcome cannot be stored: ${message}`,
    ...code,
  };
  return { id, call, claimed, status: "failed", error: reason, retryable: false };
}

/**
 * When an outcome makes a tick due: by a timer that it starts, a wait with a timeout, a retry, or a release with a pause. Otherwise
 * the worker would not learn of what it made due itself before its next regular tick.
 *
 * @param outcome what is settled
 * @param now the clock of flows, in milliseconds
 * @returns milliseconds from now; nothing: it makes none due
 */
export function dueAfter(outcome: Outcome, now: number): number | undefined {
  // The engine chooses the pause before a retry. A tick right after this asks for it.
  if (outcome.status === "failed") return outcome.retryable ? 0 : undefined;
  if (outcome.status === "released") return outcome.delayMs > 0 ? outcome.delayMs : undefined;
  if (outcome.status !== "suspended") return undefined;
  let soonest: number | undefined;
  for (const effect of outcome.flow.effects) {
    const { type, at, timeoutAt, kept, options } = effect as unknown as Timed;
    // Another session may have locked the owner of its key: the engine tries again.
    if (options?.idempotencyKey !== undefined || options?.unique !== undefined) {
      soonest = Math.min(soonest ?? Infinity, 50);
    }
    const moment = type === "start_timer" ? at : type === "await_signal" ? timeoutAt : undefined;
    if (moment === undefined) continue;
    const ms = msUntil(moment, { kept: kept === true, now });
    if (soonest === undefined || ms < soonest) soonest = ms;
  }
  return soonest;
}

/**
 * When a step of a workflow makes a tick due, as {@linkcode dueAfter}.
 *
 * @param end what is settled
 * @param now the clock of flows, in milliseconds
 * @returns milliseconds from now; nothing: it makes none due
 */
export function dueAfterStep({ rest }: StepEnd, now: number): number | undefined {
  let soonest: number | undefined;
  for (const { at, kept } of rest?.timers ?? []) {
    soonest = Math.min(soonest ?? Infinity, msUntil(at, { kept, now }));
  }
  return soonest;
}

function msUntil(moment: string, { kept, now }: { kept: boolean; now: number }): number {
  // A timer that this worker keeps is left to it for a while.
  return Math.max(0, Date.parse(moment) - now) + (kept ? KEPT_MS : 0);
}

/** How many executions a call may make or wake at most: children, and workflows that go on. */
export function broughtBy({ outcomes, steps, fired }: Ends): number {
  let most = fired.length;
  for (const outcome of outcomes) {
    if (outcome.hasParent) most++;
    if ("flow" in outcome && outcome.flow !== undefined) most += 1 + outcome.flow.effects.length;
  }
  for (const { end } of steps) most += end.children.length;
  return most;
}

interface Timed {
  readonly type: string;
  readonly at?: string;
  readonly timeoutAt?: string;
  readonly kept?: true;
  readonly options?: { readonly idempotencyKey?: string; readonly unique?: object };
}

// A little more than SQL's kept_grace().
const KEPT_MS = KEPT_TIMER_MS + 50;

/** Why an execution is given back that was claimed too long ago. */
export const STALE =
  "The worker was frozen for longer than its lease, so another worker may have the execution";
