/**
 * What a regular expression is compiled to: instructions of a machine that walks all alternatives at once, so that its time
 * grows with the length of the text and never with the number of ways to match it.
 *
 * @module
 */

/** Says whether one character (a code unit, or a code point with the flag `u`) matches. */
export type CharTest = (code: number) => boolean;

/** What an instruction asks of the place between two characters. */
export type Assertion = "start" | "end" | "lineStart" | "lineEnd";

/** One instruction. */
export type Instruction =
  | { op: "char"; code: number }
  | { op: "test"; test: CharTest }
  /** Go on at both, preferring `first`. */
  | { op: "split"; first: number; second: number }
  | { op: "jump"; to: number }
  | { op: "save"; slot: number }
  /** Forget the captures of these slots: an iteration of a loop begins. */
  | { op: "reset"; from: number; to: number }
  /** An iteration that may match nothing begins … */
  | { op: "begin" }
  /** … and ends: in JavaScript an optional iteration that matched nothing has failed. */
  | { op: "progress" }
  | { op: "assert"; what: Assertion }
  /** `\b`, and negated `\B`: which characters make words depends on the flags. */
  | { op: "boundary"; isWord: CharTest; negate: boolean }
  | { op: "match" };

/** A compiled regular expression. */
export interface RegExpProgram {
  readonly code: readonly Instruction[];
  /** Two for each group, the whole match included. */
  readonly slots: number;
  /** Names of groups, in the order of the pattern, with the numbers of all groups of that name. */
  readonly names: ReadonlyMap<string, readonly number[]>;
  /** Whether a character is a code point. */
  readonly unicode: boolean;
  /** What a match can begin with; undefined when it may be empty. */
  readonly first: CharTest | undefined;
}
