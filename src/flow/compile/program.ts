/**
 * A compiled flow, as it is stored: plain JSON, for ever readable.
 *
 * @module
 */

/** The number of the format that this library writes. */
export const PROGRAM_FORMAT = 1;

/**
 * The number of what programs mean here: raised when something that running programs can tell changes. Executions that
 * run go on by the number that their program was compiled with.
 */
export const PROGRAM_SEMANTICS = 1;

/** A compiled flow. */
export interface Program {
  /** The number of the format. */
  format: number;
  /** By which meaning of the language it runs. */
  semantics: number;
  /** Names the program in snapshots. */
  hash: string;
  /** The file's name, for stacks. */
  name: string;
  /** The text it was compiled from. */
  source: string;
  /** Strings and numbers; numbers that JSON does not know are `{ "number": "NaN" }`. */
  constants: (string | number | { number: string })[];
  /** The names from outside that it uses. */
  globals: string[];
  /** The variables that executions are found by, if there are any. */
  index?: string[];
  /** The first one is the body of the flow. */
  functions: FunctionCode[];
}

/** One function of a program. */
export interface FunctionCode {
  /** Its name, for stacks. */
  name: string;
  /** What its `length` is. */
  length: number;
  /** How many arguments it takes from the caller. */
  params: number;
  /** Whether it gives a promise. */
  async: boolean;
  /** Whether the register behind the parameters gets an array of all further arguments. */
  rest: boolean;
  /** How many registers a frame needs. */
  registers: number;
  /** From here to there in the source. */
  span: [start: number, end: number];
  /** The instructions. */
  code: number[];
  /** Where each captured value comes from: a register of the outer function, or (as -1 - n) its own capture n. */
  captures: number[];
  /** The names of the captured values. */
  captureNames: string[];
  /** Five numbers each, inner ones first: from pc, to pc, handler's pc, register of the exception, 1 for `finally`. */
  handlers: number[];
  /** Pairs: from this pc on, this offset in the source; both as differences to the pair before. */
  positions: number[];
  /** Four numbers each: constant of the name, register, live from pc, to pc. */
  variables: number[];
  /** Pairs: pc of a call, constant that shows its callee in messages. */
  callees: number[];
}
