import { callFrames, failureOf } from "../define/failure.ts";
import type { ExecutionError } from "../define/mod.ts";
import { errorClass, RhythmError } from "../shared/error.ts";
import { assertJson, type JsonObject } from "../shared/json.ts";
import { type FailedExecution, originOf } from "../shared/stack.ts";

/** What a step failed with, as it is stored: enough to make the error again. */
export interface StepError extends ExecutionError {
  /** The class of JavaScript's or ours that it belongs to, where that is not its type. */
  base?: string;
  /** What an error of ours has besides, and a code that is a number. */
  fields?: JsonObject;
}

/** What was thrown in a step, as it is stored. */
export function stepError(thrown: unknown): StepError {
  const { error } = failureOf(thrown);
  if (!(thrown instanceof Error)) return error;
  const base = baseOf(thrown);
  const fields = fieldsOf(thrown);
  return {
    ...error,
    ...(base !== undefined && base !== error.type && { base }),
    ...(Object.keys(fields).length > 0 && { fields }),
  };
}

function baseOf(error: Error): string | undefined {
  for (let one = error.constructor; typeof one === "function"; one = Object.getPrototypeOf(one)) {
    if (errorClass(one.name) === one) return one.name;
  }
  return undefined;
}

const TOLD = new Set(["name", "message", "stack", "cause", "code", "data"]);

function fieldsOf(error: Error): JsonObject {
  const fields: JsonObject = {};
  if ("code" in error && typeof error.code === "number") fields.code = error.code;
  if (!(error instanceof RhythmError)) return fields;
  for (const [key, value] of Object.entries(error)) {
    if (TOLD.has(key)) continue;
    try {
      assertJson(value, { maxBytes: MOST_BYTES });
      if (value !== undefined) fields[key] = value;
    } catch {
      // The failure itself must be storable, whatever an error carries.
    }
  }
  return fields;
}

const MOST_BYTES = 10_000;

/**
 * Makes the error again that a step or a child failed with. It has its class, if that is one of JavaScript's or ours.
 * Otherwise it has its name.
 *
 * @param stored what was stored
 * @param caller an error that was made where the code began to wait: its frames are those of a child's error
 */
export function reviveError(stored: StepError & FailedExecution, caller?: Error): Error {
  const { type, message, code, data, base = "Error", fields, executionId, target, attempt } = stored;
  const error = new Error(message);
  const known = errorClass(type) ?? errorClass(base) ?? Error;
  Object.setPrototypeOf(error, known.prototype);
  const set = (key: string, value: unknown): void => {
    if (value !== undefined) {
      Object.defineProperty(error, key, {
        value,
        writable: true,
        configurable: true,
        enumerable: key !== "name",
      });
    }
  };
  if (error.name !== type) set("name", type);
  for (const [key, value] of Object.entries({ code, data, executionId, target, attempt, ...fields })) {
    set(key, value);
  }
  error.stack = caller === undefined ? stored.stack ?? `${type}: ${message}` : stackBelow(stored, caller);
  return error;
}

function stackBelow(stored: FailedExecution, caller: Error): string {
  const origin = originOf(stored);
  const lines = [`${stored.type}: ${stored.message}`, ...callFrames(caller)];
  return [...lines, ...(origin === undefined ? [] : [`Caused by: ${origin}`])].join("\n");
}
