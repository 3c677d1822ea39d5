import { scanName } from "./names.ts";
import { scanNumber } from "./numbers.ts";
import { type Parser, sticky, token } from "./parsimmon.ts";
import { type RegexpText, scanRegexp } from "./regexps.ts";
import { scanString, scanTemplateChunk, type TemplateChunk } from "./strings.ts";
import { makeToken, type Token } from "./token.ts";

const PUNCTUATOR =
  />>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[{}()[\];,<>+\-*/%&|^!~?:=.@]/y;

/** The next token; where a regular expression may stand, the grammar reads {@link regexpLiteral} instead. */
export const anyToken: Parser<Token> = token("a token", scanToken);

/** A regular expression literal. */
export const regexpLiteral: Parser<RegexpText> = token("a regular expression", scanRegexp);

/** Template text up to a backtick or `${`. */
export const templateText: Parser<TemplateChunk> = token(
  "template text and a closing backtick",
  scanTemplateChunk,
);

/** `#!…`, which may only stand at the very beginning. */
export const hashbang: Parser<string> = sticky("a hashbang", /#![^\n\r\u2028\u2029]*/y);

function scanToken(input: string, at: number): Token | null {
  const code = input.charCodeAt(at);
  if (Number.isNaN(code)) return makeToken("end", at, at, "");
  if (code >= 48 && code <= 57) return scanNumber(input, at);
  if (code === 46) {
    const next = input.charCodeAt(at + 1);
    if (next >= 48 && next <= 57) return scanNumber(input, at);
  }
  if (code === 34 || code === 39) return scanString(input, at);
  if (code === 96) return makeToken("template", at, at + 1, "`");
  if (code === 35) return scanPrivate(input, at);
  return scanName(input, at) ?? scanPunctuator(input, at);
}

function scanPrivate(input: string, at: number): Token | null {
  const name = scanName(input, at + 1);
  return name && { ...name, kind: "private", start: at, text: `#${name.text}` };
}

function scanPunctuator(input: string, at: number): Token | null {
  PUNCTUATOR.lastIndex = at;
  if (!PUNCTUATOR.test(input)) return null;
  return makeToken("punctuator", at, PUNCTUATOR.lastIndex, input.slice(at, PUNCTUATOR.lastIndex));
}
