import { EngineError } from "../db/errors.ts";
import { RhythmError } from "../shared/error.ts";
import type { Outcome } from "./engine.ts";

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
  const { id, attempt } = outcome;
  const reason = {
    type: "SettleError",
    message: `The ${outcome.status} outcome cannot be stored: ${message}`,
    ...code,
  };
  return { id, attempt, status: "failed", error: reason, retryable: false };
}
