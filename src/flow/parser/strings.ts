import { makeToken, type Problem, type Token } from "./token.ts";

const PLAIN = { "'": /[^'\\\n\r]*/y, '"': /[^"\\\n\r]*/y, "`": /[^`\\$\r]*/y } as const;
const SIMPLE: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const UNICODE = /(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]+)\})/y;
const HEX = /[0-9a-fA-F]{2}/y;

/** A string in single or double quotes. */
export function scanString(input: string, at: number): Token {
  const quote = input[at] as "'" | '"';
  const found = makeToken("string", at, at, "");
  let value = "";
  let index = at + 1;
  for (;;) {
    const plain = PLAIN[quote];
    plain.lastIndex = index;
    plain.test(input);
    value += input.slice(index, plain.lastIndex);
    index = plain.lastIndex;
    const character = input[index];
    if (character === quote) {
      index++;
      break;
    }
    if (character !== "\\") {
      found.problem = unclosed(
        at,
        `close it with \`${quote}\` on the same line, or use a template literal`,
        "string",
      );
      break;
    }
    const escape = scanEscape(input, index);
    value += escape.value;
    index = escape.end;
    found.problem ??= escape.problem;
  }
  found.end = index;
  found.text = input.slice(at, index);
  found.value = value;
  return found;
}

/** A stretch of template text, from after its opening delimiter up to the closing one. */
export interface TemplateChunk {
  start: number;
  /** Where the text ends; the delimiter that follows is not part of it. */
  textEnd: number;
  end: number;
  raw: string;
  cooked: string;
  /** True if a backtick closed it, false if a `${` did. */
  tail: boolean;
  problem?: Problem;
}

/** Read template text; null if the template is never closed. */
export function scanTemplateChunk(input: string, at: number): TemplateChunk | null {
  let cooked = "";
  let index = at;
  let problem: Problem | undefined;
  for (;;) {
    const plain = PLAIN["`"];
    plain.lastIndex = index;
    plain.test(input);
    cooked += input.slice(index, plain.lastIndex);
    index = plain.lastIndex;
    const character = input[index];
    if (character === undefined) return null;
    const hole = character === "$" && input[index + 1] === "{";
    if (hole || character === "`") {
      const raw = input.slice(at, index).replace(/\r\n?/g, "\n");
      return { start: at, textEnd: index, end: index + (hole ? 2 : 1), raw, cooked, tail: !hole, problem };
    }
    if (character === "\\") {
      const escape = scanEscape(input, index);
      cooked += escape.value;
      index = escape.end;
      problem ??= escape.problem;
    } else if (character === "\r") {
      cooked += "\n";
      index += input[index + 1] === "\n" ? 2 : 1;
    } else {
      cooked += character;
      index++;
    }
  }
}

/** The problem of a string or template that never ends. */
export function unclosed(start: number, hint: string, what: string): Problem {
  return { code: "F0003", start, end: start + 1, message: `this ${what} is never closed`, hint };
}

function scanEscape(input: string, at: number): { value: string; end: number; problem?: Problem } {
  const character = input[at + 1];
  if (character === undefined) return { value: "", end: at + 1 };
  if (character === "\r") return { value: "", end: at + (input[at + 2] === "\n" ? 3 : 2) };
  if (character === "\n" || character === "\u2028" || character === "\u2029") {
    return { value: "", end: at + 2 };
  }
  if (character === "x") return coded(input, at, HEX);
  if (character === "u") return coded(input, at, UNICODE);
  if (/\d/.test(character)) {
    if (character === "0" && !/\d/.test(input[at + 2] ?? "")) return { value: "\0", end: at + 2 };
    const message = `\`\\${character}\` is an octal escape, which strict mode refuses`;
    const problem: Problem = {
      code: "F0020",
      start: at,
      end: at + 2,
      message,
      hint: "write `\\x` and two hex digits",
    };
    return { value: "", end: at + 2, problem };
  }
  const whole = String.fromCodePoint(input.codePointAt(at + 1)!);
  return { value: SIMPLE[character] ?? whole, end: at + 1 + whole.length };
}

function coded(input: string, at: number, form: RegExp): { value: string; end: number; problem?: Problem } {
  form.lastIndex = at + 2;
  const match = form.exec(input);
  const code = match === null ? NaN : parseInt(match[1] ?? match[2] ?? match[0], 16);
  if (match !== null && code <= 0x10ffff) return { value: String.fromCodePoint(code), end: form.lastIndex };
  const end = match === null ? at + 2 : form.lastIndex;
  const hint = "write `\\xHH`, `\\uHHHH` or `\\u{H…}` up to 10FFFF";
  const message = `\`${input.slice(at, end)}\` does not begin a valid escape`;
  return { value: "", end, problem: { code: "F0005", start: at, end, message, hint } };
}
