import { storableText } from "../shared/json.ts";
import { fitStack, STACK_LIMIT } from "../shared/stack.ts";
import type { ExecutionError } from "./execution.ts";

/** A failed attempt as it is stored. */
export interface Failure {
  /** What was thrown. */
  readonly error: ExecutionError;
  /** Whether another attempt could help. */
  readonly retryable: boolean;
}

const FINAL_ERRORS = new Set(["JsonError", "NonRetryableError", "InvalidInputError"]);

/**
 * Whatever a handler threw, as it is stored: type, message, code, data and stack.
 *
 * @param thrown an error, or anything else that was thrown
 * @returns what to store, and whether to try again
 */
export function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof Error)) {
    const data = toData(thrown);
    const message = typeof thrown === "string" ? thrown : JSON.stringify(data) ?? String(thrown);
    return {
      error: {
        type: "Error",
        message: storableText(message),
        ...(typeof thrown === "string" ? {} : { data }),
      },
      retryable: true,
    };
  }
  const fields = thrown as Error & { code?: unknown; data?: unknown; retryable?: unknown };
  const error: ExecutionError = {
    type: storableText(typeOf(thrown)),
    message: storableText(String(thrown.message)),
  };
  if (typeof fields.code === "string" || typeof fields.code === "number") {
    error.code = storableText(String(fields.code));
  }
  const data = toData(fields.data);
  if (data !== undefined) error.data = data;
  const stack = stackOf(thrown);
  if (stack !== "") error.stack = storableText(stack);
  return { error, retryable: !isFinal(thrown) && fields.retryable !== false };
}

function isFinal(thrown: Error): boolean {
  for (
    let type = thrown.constructor;
    type !== Error && typeof type === "function";
    type = Object.getPrototypeOf(type)
  ) {
    if (FINAL_ERRORS.has(type.name)) return true;
  }
  return FINAL_ERRORS.has(thrown.name);
}

function typeOf(error: Error): string {
  if (error.name !== "Error") return error.name;
  return error.constructor.name === "" ? "Error" : error.constructor.name;
}

function stackOf(error: Error): string {
  let text = withoutOurs(error.stack ?? "");
  // V8 writes the name at the time of `new`, which of a class without a name of its own is that of its base.
  const head = ["Error", error.name].map((name) => `${name}: ${error.message}`).find((one) =>
    text.startsWith(one)
  );
  if (head !== undefined) text = `${typeOf(error)}: ${error.message}${text.slice(head.length)}`;
  let cause = error.cause;
  for (let depth = 0; cause instanceof Error && depth < 5; depth++, cause = cause.cause) {
    text += `\nCaused by: ${cause.stack === undefined ? cause.message : withoutOurs(cause.stack)}`;
  }
  return fitStack(text, STACK_LIMIT);
}

/** The calls that led to where an error was made, without those of Rhythm itself. */
export function callFrames(error: Error): string[] {
  return (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at ") && !line.includes(OURS));
}

const OURS = new URL("../", import.meta.url).href;

/** A stack without the frames of Rhythm that called the handler, and those of Deno between them. */
function withoutOurs(stack: string): string {
  const lines = stack.split("\n");
  const last = lines.findLastIndex((line) =>
    !line.startsWith("    at ") || !(line.includes(OURS) || /[( ](ext|node):/.test(line))
  );
  return lines.slice(0, lines[last]?.startsWith("    at ") ? last + 1 : undefined).join("\n");
}

// What JSON cannot carry is left out: the failure itself must always be storable.
function toData(value: unknown): ExecutionError["data"] {
  if (value === undefined) return undefined;
  try {
    const text = JSON.stringify(value, (_key, part) => typeof part === "string" ? storableText(part) : part);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
