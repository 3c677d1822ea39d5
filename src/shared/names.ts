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
  return text !== "" && [...text].length <= KEY_LENGTH && !CONTROL.test(text);
}
