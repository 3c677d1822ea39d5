import { startsName } from "./names.ts";
import { makeToken, type Problem, type Token } from "./token.ts";

const RUN = /0[xX][\w]*|0[oO][\w]*|0[bB][\w]*|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]*)?n?/y;
const DIGITS = "\\d(?:_?\\d)*";
const INTEGER = `(?:0|[1-9](?:_?\\d)*)`;
const DECIMAL = new RegExp(`^(?:${INTEGER}\\.?|${INTEGER}\\.${DIGITS}|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`);
const BASED = /^0(?:[xX][\da-fA-F](?:_?[\da-fA-F])*|[oO][0-7](?:_?[0-7])*|[bB][01](?:_?[01])*)n?$/;
const BIG = /^(?:0|[1-9](?:_?\d)*)n$/;
const LEGACY = /^0[\d_]/;

/** A number or a BigInt in any of JavaScript's notations; what is malformed carries a problem. */
export function scanNumber(input: string, at: number): Token {
  RUN.lastIndex = at;
  const raw = RUN.exec(input)![0];
  const end = at + raw.length;
  const found = makeToken("number", at, end, raw);
  if (BASED.test(raw)) {
    if (raw.endsWith("n")) found.kind = "bigint";
  } else if (BIG.test(raw)) {
    found.kind = "bigint";
  } else if (LEGACY.test(raw)) {
    found.problem = legacy(found);
  } else if (!DECIMAL.test(raw)) {
    found.problem = malformed(found);
  }
  if (!found.problem && (startsName(input, end) || /\d/.test(input[end] ?? ""))) {
    found.problem = malformed(found);
  }
  found.value = found.problem ? 0 : Number(raw.replaceAll("_", "").replace(/n$/, ""));
  return found;
}

function legacy({ start, end, text }: Token): Problem {
  const message = `\`${text}\` begins with a zero, which once meant octal`;
  return { code: "F0020", start, end, message, hint: "write `0o` before octal digits, or drop the zero" };
}

function malformed({ start, end, text }: Token): Problem {
  return { code: "F0004", start, end, message: `\`${text}\` is not a number as JavaScript writes them` };
}
