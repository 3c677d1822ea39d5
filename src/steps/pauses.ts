import type { RetryPolicy } from "../define/mod.ts";
import { durationMs } from "../shared/duration.ts";

/** What a step that says "not now" gets where a worker runs it, unless it has a policy of its own. */
export const TRANSIENT_RETRY: RetryPolicy = { maxAttempts: 10, initial: "1s", max: "5m" };

/**
 * How long to wait before the attempt after this one; the same rules as for tasks.
 *
 * @param policy the policy
 * @param attempt the attempt that failed, from 1
 * @param random a number from 0 to 1
 * @returns milliseconds; nothing: that was the last attempt
 */
export function pauseAfter(policy: RetryPolicy, attempt: number, random: number): number | undefined {
  if (attempt >= (policy.maxAttempts ?? 3)) return undefined;
  const initial = durationMs(policy.initial ?? 1);
  const grown = {
    exponential: initial * (policy.factor ?? 2) ** Math.min(attempt - 1, 60),
    linear: initial * attempt,
    fixed: initial,
  }[policy.backoff ?? "exponential"];
  const pause = Math.min(durationMs(policy.max ?? "1h"), grown);
  return Math.round(pause * (1 - (policy.jitter ?? 0.1) * random));
}
