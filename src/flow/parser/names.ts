import { makeToken, type Problem, type Token } from "./token.ts";

const ASCII = /[$_a-zA-Z][$\w]*/y;
const PART = /(?:[$\u200c\u200d\p{ID_Continue}]|\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]+\})|\\u?)*/yu;
const START = /^[$_\p{ID_Start}]$/u;
const CONTINUE = /^[$\u200c\u200d\p{ID_Continue}]$/u;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}|u?)/g;

/** Words that cannot be names in strict mode, and `await`, which cannot be a name in a flow. */
export const RESERVED: ReadonlySet<string> = new Set(
  ("await break case catch class const continue debugger default delete do else enum export extends false finally for " +
    "function if implements import in instanceof interface let new null package private protected public return " +
    "static super switch this throw true try typeof var void while with yield").split(" "),
);

/** A name, reserved or not, with its escapes decoded; null where no name begins. */
export function scanName(input: string, at: number): Token | null {
  ASCII.lastIndex = at;
  if (ASCII.test(input)) {
    const end = ASCII.lastIndex;
    const next = input.charCodeAt(end);
    if (!(next === 92 || next > 127)) return makeToken("name", at, end, input.slice(at, end));
  } else if (!startsName(input, at)) {
    return null;
  }
  PART.lastIndex = at;
  PART.test(input);
  const raw = input.slice(at, PART.lastIndex);
  if (raw === "") return null;
  const found = makeToken("name", at, at + raw.length, raw);
  if (raw.includes("\\")) decode(found, raw);
  return found;
}

/** Whether a name (or an escape that means to begin one) stands at an offset. */
export function startsName(input: string, at: number): boolean {
  const code = input.codePointAt(at);
  if (code === undefined) return false;
  return code === 92 || START.test(String.fromCodePoint(code));
}

function decode(found: Token, raw: string): void {
  found.escaped = true;
  found.text = raw.replace(ESCAPE, (escape, four?: string, braced?: string, offset?: number) => {
    const code = parseInt(four ?? braced ?? "", 16);
    const allowed = offset === 0 ? START : CONTINUE;
    if (code <= 0x10ffff && allowed.test(String.fromCodePoint(code))) return String.fromCodePoint(code);
    found.problem = invalid(found.start + (offset ?? 0), escape);
    return "_";
  });
}

function invalid(start: number, escape: string): Problem {
  const message = `\`${escape}\` does not stand for a character that a name may hold here`;
  return { code: "F0005", start, end: start + escape.length, message };
}
