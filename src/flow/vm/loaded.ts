import type { FunctionCode, Program } from "../compile/program.ts";
import { verifyProgram, type Waits } from "../compile/verify.ts";
import { lineStarts, type Position, positionAt } from "../diagnostics/position.ts";
import type { Value } from "./value.ts";

/** A program ready to run: nothing is decoded, so loading one that is known costs next to nothing. */
export interface LoadedProgram {
  readonly program: Program;
  readonly functions: readonly FunctionCode[];
  readonly constants: readonly Value[];
  /** Where each function can wait. */
  readonly waits: Waits;
}

const loaded = new WeakMap<Program, LoadedProgram>();

/**
 * Load a program, or find it loaded.
 *
 * @throws {ProgramError} when it is of another format than this library knows, or damaged
 */
export function loadProgram(program: Program): LoadedProgram {
  const known = loaded.get(program);
  if (known !== undefined) return known;
  const waits = verifyProgram(program);
  const constants = program.constants.map((one): Value => typeof one === "object" ? Number(one.number) : one);
  const fresh: LoadedProgram = { program, functions: program.functions, constants, waits };
  loaded.set(program, fresh);
  return fresh;
}

/** The pcs at which the offset in the source changes, and the offsets. */
interface Changes {
  readonly pcs: number[];
  readonly offsets: number[];
}

const changesOf = new WeakMap<FunctionCode, Changes>();
const startsOf = new WeakMap<Program, number[]>();

/** The offset in the source that an instruction comes from. */
export function offsetAt(code: FunctionCode, pc: number): number {
  let known = changesOf.get(code);
  if (known === undefined) changesOf.set(code, known = sumUp(code.positions));
  const index = lastUpTo(known.pcs, pc);
  return index < 0 ? 0 : known.offsets[index]!;
}

function sumUp(differences: readonly number[]): Changes {
  const [pcs, offsets]: [number[], number[]] = [[], []];
  let [pc, offset] = [0, 0];
  for (let index = 0; index < differences.length; index += 2) {
    pcs.push(pc += differences[index]!);
    offsets.push(offset += differences[index + 1]!);
  }
  return { pcs, offsets };
}

/** Line and column, both from 1, of an offset in a program's source. */
export function placeOf(program: Program, offset: number): Position {
  let starts = startsOf.get(program);
  if (starts === undefined) startsOf.set(program, starts = lineStarts(program.source));
  return positionAt(starts, offset);
}

/** The index of the last number of a sorted list that is not above a value; -1: all are. */
function lastUpTo(list: readonly number[], value: number): number {
  let [low, high] = [-1, list.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
