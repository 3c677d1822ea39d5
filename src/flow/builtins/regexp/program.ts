/**
 * The compiled form of a regular expression: instructions of a machine that walks all alternatives at once. So its time depends
 * on the length of the text, and not on the number of ways to match it.
 *
 * @module
 */

/** Says whether one character (a code unit, or a code point with the flag `u`) matches. */
export type CharTest = (code: number) => boolean;

/** What an instruction asks of the place between two characters. */
export type Assertion = "start" | "end" | "lineStart" | "lineEnd";

/** One instruction, as the compiler writes it. */
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

/** The instructions in numbers. */
export const Op = {
  char: 0,
  test: 1,
  split: 2,
  jump: 3,
  save: 4,
  reset: 5,
  begin: 6,
  progress: 7,
  assert: 8,
  boundary: 9,
  match: 10,
} as const satisfies Record<Instruction["op"], number>;

/** Assertions in numbers. */
export const ASSERTIONS: readonly Assertion[] = ["start", "end", "lineStart", "lineEnd"];

/** A compiled regular expression. */
export interface RegExpProgram {
  /** Three numbers for each instruction: {@linkcode Op} and two operands. */
  readonly code: Int32Array;
  /** The tests that instructions name by number. */
  readonly tests: readonly CharTest[];
  /** Two for each group, the whole match included. */
  readonly slots: number;
  /** Names of groups, in the order of the pattern, with the numbers of all groups of that name. */
  readonly names: ReadonlyMap<string, readonly number[]>;
  /** Whether a character is a code point. */
  readonly unicode: boolean;
  /** What a match can begin with; undefined when it may be empty. */
  readonly first: CharTest | undefined;
  /** What the last run left for the next one. */
  scratch: unknown;
}

/** Write instructions as numbers. */
export function assemble(
  instructions: readonly Instruction[],
): { code: Int32Array<ArrayBuffer>; tests: CharTest[] } {
  const code = new Int32Array(instructions.length * 3);
  const tests: CharTest[] = [];
  instructions.forEach((instruction, place) => {
    const [first, second] = operands(instruction, tests);
    code.set([Op[instruction.op], first, second], place * 3);
  });
  return { code, tests };
}

function operands(instruction: Instruction, tests: CharTest[]): [number, number] {
  switch (instruction.op) {
    case "char":
      return [instruction.code, 0];
    case "test":
      return [tests.push(instruction.test) - 1, 0];
    case "split":
      return [instruction.first, instruction.second];
    case "jump":
      return [instruction.to, 0];
    case "save":
      return [instruction.slot, 0];
    case "reset":
      return [instruction.from, instruction.to];
    case "assert":
      return [ASSERTIONS.indexOf(instruction.what), 0];
    case "boundary":
      return [tests.push(instruction.isWord) - 1, instruction.negate ? 1 : 0];
    default:
      return [0, 0];
  }
}
