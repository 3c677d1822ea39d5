import { backoffMs, type RetryPolicy, retryPolicyOf } from "../define/mod.ts";
import { DEFAULT_ATTEMPTS } from "../shared/limits.ts";

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
export function pauseAfter(
  policy: RetryPolicy | number,
  attempt: number,
  random: number,
): number | undefined {
  const given = retryPolicyOf(policy);
  if (attempt >= (given.maxAttempts ?? DEFAULT_ATTEMPTS)) return undefined;
  return backoffMs(given, attempt, random);
}
