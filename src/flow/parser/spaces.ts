import { type Parser, token } from "./parsimmon.ts";
import type { Problem } from "./token.ts";

/** White space and comments between two tokens. */
interface Space {
  end: number;
  newline: boolean;
  problem?: Problem;
}

const BLANK = /[\t\v\f \xa0\ufeff\p{Zs}]*/yu;
const TO_LINE_END = /[^\n\r\u2028\u2029]*/y;

/** White space, line ends and comments; never fails, may be empty. */
export const space: Parser<Space> = token("white space or a comment", scanSpace);

function scanSpace(input: string, at: number): Space {
  const space: Space = { end: at, newline: at === 0 };
  for (;;) {
    const code = input.charCodeAt(space.end);
    if (code === 32 || code === 9) {
      space.end++;
    } else if (code === 10 || code === 13 || code === 0x2028 || code === 0x2029) {
      space.newline = true;
      space.end++;
    } else if (code === 47 && input.charCodeAt(space.end + 1) === 47) {
      space.end = past(TO_LINE_END, input, space.end);
    } else if (code === 47 && input.charCodeAt(space.end + 1) === 42) {
      if (!blockComment(input, space)) return space;
    } else if (code === 60 && input.startsWith("<!--", space.end)) {
      htmlComment(input, space, 4);
    } else if (code === 45 && space.newline && input.startsWith("-->", space.end)) {
      htmlComment(input, space, 3);
    } else if (code === 11 || code === 12 || code >= 0xa0) {
      const end = past(BLANK, input, space.end);
      if (end === space.end) return space;
      space.end = end;
    } else {
      return space;
    }
  }
}

function past(pattern: RegExp, input: string, at: number): number {
  pattern.lastIndex = at;
  pattern.test(input);
  return pattern.lastIndex;
}

function blockComment(input: string, space: Space): boolean {
  const close = input.indexOf("*/", space.end + 2);
  const end = close < 0 ? input.length : close + 2;
  if (close < 0) {
    space.problem = {
      code: "F0003",
      start: space.end,
      end: space.end + 2,
      message: "this comment is never closed",
      hint: "close it with `*/`",
    };
  }
  if (/[\n\r\u2028\u2029]/.test(input.slice(space.end, end))) space.newline = true;
  space.end = end;
  return close >= 0;
}

function htmlComment(input: string, space: Space, length: number): void {
  space.problem ??= {
    code: "F0019",
    start: space.end,
    end: space.end + length,
    message: "HTML comments are not part of the flow language",
    hint: "write `//`",
  };
  space.end = past(TO_LINE_END, input, space.end);
}
