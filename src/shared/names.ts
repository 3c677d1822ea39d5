import { KEY_LENGTH, NAME_LENGTH } from "./limits.ts";

const NAME = new RegExp(`^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,${NAME_LENGTH - 1}}$`);
const CONTROL = /\p{Cc}/u;

/** Whether a text can be the name of a task, flow, queue, signal, schedule or worker; SQL's `name_problem()` says the same. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** What a name is made of, for messages. */
export const NAME_WANTED = "letters, digits and _ . : / @ + -, starting with a letter, a digit or _";

/** Whether a text can be an idempotency key or a concurrency key; SQL's `name_problem()` says the same. */
export function isKey(text: string): boolean {
  return text !== "" && [...text].length <= KEY_LENGTH && !CONTROL.test(text) && text.isWellFormed();
}

/**
 * Why a text cannot be the name of the schema that the engine lives in. Any name will do that needs no escapes inside SQL texts
 * and leaves room for the names of notification channels.
 *
 * @param schema the name
 * @returns the end of a sentence; undefined: it can be
 */
export function schemaProblem(schema: string): string | undefined {
  const bytes = new TextEncoder().encode(schema).length;
  if (bytes < 1 || bytes > 40) return `it has ${bytes} bytes, expected 1 to 40`;
  // deno-lint-ignore no-control-regex
  if (/['"\\$%\u0000-\u001f]/.test(schema) || schema.startsWith("pg_")) {
    return "expected a name without quotes, backslash, $, % and control characters, not beginning with pg_";
  }
  return undefined;
}
