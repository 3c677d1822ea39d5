// @ts-types="@types/parsimmon"
import Parsimmon from "parsimmon";

/** What a parser answers when it is run at an offset. */
interface Reply<T> {
  status: boolean;
  index: number;
  value: T;
  expected: string[];
}

/** A parser of `T`. */
export type Parser<T> = Parsimmon.Parser<T>;

/**
 * Run a parser at an offset; it need not reach the end of the text. Parsimmon's own `parse` begins at 0 and must reach the
 * end. Its parsers call each other in this way.
 */
export function runAt<T>(parser: Parser<T>, input: string, at: number): Reply<T> {
  return (parser as unknown as { _(input: string, at: number): Reply<T> })._(input, at);
}

/** A hot token: a scanner that gives the token and says where it ends, or null where there is none. */
export function token<T extends { end: number }>(
  description: string,
  scan: (input: string, at: number) => T | null,
): Parser<T> {
  return Parsimmon((input, at) => {
    const found = scan(input, at);
    return found === null ? Parsimmon.makeFailure(at, description) : Parsimmon.makeSuccess(found.end, found);
  }).desc(description) as Parser<T>;
}

/** A token by a sticky regular expression: no copy of the rest of the input is made, as Parsimmon's own does. */
export function sticky(description: string, pattern: RegExp): Parser<string> {
  return Parsimmon((input, at) => {
    pattern.lastIndex = at;
    const match = pattern.exec(input);
    return match === null
      ? Parsimmon.makeFailure(at, description)
      : Parsimmon.makeSuccess(pattern.lastIndex, match[0]);
  }).desc(description) as Parser<string>;
}

/**
 * Where a parser stands. Parsimmon's own `index` keeps lines in an object whose keys are sources, so that a source named like a
 * member of every object, such as `constructor`, changes that object.
 */
export const offset: Parser<number> = Parsimmon((_, at) => Parsimmon.makeSuccess(at, at));

export { Parsimmon };
