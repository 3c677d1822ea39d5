import { failureOf } from "../define/failure.ts";
import type { JsonObject, JsonValue } from "../shared/json.ts";
import type { SettledWait } from "./run_parts.ts";

/** A signal that waits for an answer: what `ctx.nextSignal()` gives for one that was sent with `ask()`. */
export interface Question<Payload = unknown> {
  /** What was asked. */
  readonly payload: Payload;
  /** Answers. Resolves once that is stored; the first answer counts. */
  readonly reply: (value?: unknown) => Promise<void>;
  /** Answers with an error: an `Error`, or the sentence of one. */
  readonly reject: (error: unknown) => Promise<void>;
}

// Marks, in the result of a step, a payload that is not all that the code gets.
const MARK = "#ask";

/** A signal as the step that waited for it keeps it. */
export function storedSignal(wait: string | null, { ask, output = null }: SettledWait): JsonValue {
  const isMarked = typeof output === "object" && output !== null && MARK in output;
  return ask || isMarked ? { [MARK]: ask ? wait : null, payload: output } : output;
}

/** The payload of a signal that a step kept, and the wait that took it if it is a question. */
export function readSignal(stored: unknown): { wait: string | null; payload: unknown } {
  if (typeof stored !== "object" || stored === null || !(MARK in stored)) {
    return { wait: null, payload: stored };
  }
  const { [MARK]: wait, payload } = stored as { [MARK]: string | null; payload: unknown };
  return { wait, payload };
}

/** The error of an answer. */
export function rejectionOf(thrown: unknown): JsonObject {
  const { type, message, code, data } = failureOf(
    typeof thrown === "string" ? new Error(thrown) : thrown,
  ).error as JsonObject & { type: string; message: string };
  return {
    ...{ type, message },
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
  };
}
