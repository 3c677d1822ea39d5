/**
 * A text that comes from outside, for a terminal. What a terminal would obey is shown instead: a title that is set, a line
 * that is overwritten, text that runs backwards. Line breaks, tabs and colours are left.
 *
 * @param text any text
 * @returns the text, as it can be printed
 *
 * @example An error message that would clear the screen
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(printable("gone\x1b[2J"), "gone\\u001b[2J");
 * ```
 */
export function printable(text: string): string {
  return text.replaceAll(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const OBEYED =
  // deno-lint-ignore no-control-regex
  /(?!\x1b\[[0-9;]*m|\r\n)[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
