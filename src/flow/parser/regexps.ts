import type { Problem } from "./token.ts";

const BODY =
  /\/(?![*/])(?:[^\\/[\n\r\u2028\u2029]|\\[^\n\r\u2028\u2029]|\[(?:[^\]\\\n\r\u2028\u2029]|\\[^\n\r\u2028\u2029])*\])+\//y;
const FLAGS = /(?:[$\u200c\u200d\p{ID_Continue}]|\\)*/yu;

/** A regular expression literal. */
export interface RegexpText {
  end: number;
  pattern: string;
  flags: string;
  problem?: Problem;
}

/** Read a regular expression literal; null if it is never closed. */
export function scanRegexp(input: string, at: number): RegexpText | null {
  BODY.lastIndex = at;
  if (!BODY.test(input)) return null;
  const close = BODY.lastIndex;
  FLAGS.lastIndex = close;
  FLAGS.test(input);
  const end = FLAGS.lastIndex;
  const pattern = input.slice(at + 1, close - 1);
  const flags = input.slice(close, end);
  return { end, pattern, flags, problem: invalid(pattern, flags, at, end) };
}

// The host checks the pattern, because its grammar is JavaScript's.
function invalid(pattern: string, flags: string, start: number, end: number): Problem | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, "").split(": ").at(-1);
    return { code: "F0006", start, end, message: `this regular expression is not valid: ${reason}` };
  }
}
