import type { Code } from "../diagnostics/codes.ts";

/** A problem found while reading, before it becomes a diagnostic. */
export interface Problem {
  code: Code;
  start: number;
  end: number;
  message: string;
  hint?: string;
}

/** What kinds of token there are; reserved words are names until the grammar decides. */
export type TokenKind =
  | "name"
  | "private"
  | "punctuator"
  | "number"
  | "bigint"
  | "string"
  | "template"
  | "end";

/** One token. */
export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  /** A name with its escapes decoded, a punctuator, or the token's own text. */
  text: string;
  /** The value of a number or a string. */
  value?: number | string;
  /** True of a name that was written with an escape. */
  escaped?: boolean;
  /** True if a line ended between the token before and this one. */
  newlineBefore: boolean;
  /** What is wrong with the token itself; reading goes on. */
  problem?: Problem;
}

/** Make a token. */
export function makeToken(kind: TokenKind, start: number, end: number, text: string): Token {
  return { kind, start, end, text, newlineBefore: false };
}
