import { durationMs } from "../shared/duration.ts";
import { DEFAULT_BACKOFF, JITTER } from "../shared/limits.ts";
import type { RetryPolicy } from "./options.ts";

/** A retry policy, also where it was given as a number of attempts. */
export function retryPolicyOf(retry: RetryPolicy | number | undefined): RetryPolicy {
  return typeof retry === "number" ? { maxAttempts: retry } : retry ?? {};
}

/**
 * How long to wait before the attempt after this one; SQL's `backoff_ms()` says the same.
 *
 * @param policy the policy
 * @param attempt the attempt that failed, from 1
 * @param random a number from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const initial = policy.initial === undefined ? DEFAULT_BACKOFF.initialMs : durationMs(policy.initial);
  const grown = {
    exponential: initial * (policy.factor ?? DEFAULT_BACKOFF.factor) ** Math.min(attempt - 1, 60),
    linear: initial * attempt,
    fixed: initial,
  }[policy.backoff ?? DEFAULT_BACKOFF.backoff];
  const longest = policy.max === undefined ? DEFAULT_BACKOFF.maxMs : durationMs(policy.max);
  const jitter = policy.jitter ?? DEFAULT_BACKOFF.jitter;
  const share = typeof jitter === "boolean" ? JITTER[`${jitter}`] : jitter;
  return Math.round(Math.min(longest, grown) * (1 - share * random));
}
