import type { FunctionCode, Program } from "../compile/program.ts";
import { PROGRAM_FORMAT, PROGRAM_SEMANTICS } from "../compile/program.ts";
import { RhythmError } from "../../shared/error.ts";
import type { Value } from "./value.ts";

/** A program ready to run: nothing is decoded, so loading costs next to nothing. */
export interface LoadedProgram {
  readonly program: Program;
  readonly functions: readonly FunctionCode[];
  readonly constants: readonly Value[];
}

const loaded = new WeakMap<Program, LoadedProgram>();

/**
 * Load a program, or find it loaded.
 *
 * @throws {RhythmError} `FLOW_PROGRAM_FORMAT` or `FLOW_PROGRAM_SEMANTICS` when this library is older than the program
 */
export function loadProgram(program: Program): LoadedProgram {
  const known = loaded.get(program);
  if (known !== undefined) return known;
  if (program?.format !== PROGRAM_FORMAT) {
    throw new RhythmError(
      `Cannot run a program of format ${
        String(program?.format)
      }: this library knows format ${PROGRAM_FORMAT}`,
      { code: "FLOW_PROGRAM_FORMAT" },
    );
  }
  if (program.semantics !== PROGRAM_SEMANTICS) {
    throw new RhythmError(
      `Cannot run a program of semantics ${
        String(program.semantics)
      }: this library knows semantics ${PROGRAM_SEMANTICS}; update the library`,
      { code: "FLOW_PROGRAM_SEMANTICS" },
    );
  }
  const constants = program.constants.map((one): Value => typeof one === "object" ? Number(one.number) : one);
  const fresh: LoadedProgram = { program, functions: program.functions, constants };
  loaded.set(program, fresh);
  return fresh;
}

/** The offset in the source that an instruction comes from. */
export function offsetAt(code: FunctionCode, pc: number): number {
  const { positions } = code;
  let at = 0;
  let offset = 0;
  for (let index = 0; index < positions.length; index += 2) {
    at += positions[index]!;
    if (at > pc) break;
    offset += positions[index + 1]!;
  }
  return offset;
}

/** Line and column, both from 1, of an offset. */
export function placeOf(source: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  const ends = /\r\n|[\n\r\u2028\u2029]/g;
  for (let match = ends.exec(source); match !== null && match.index < offset; match = ends.exec(source)) {
    if (ends.lastIndex > offset) break;
    line++;
    start = ends.lastIndex;
  }
  return { line, column: offset - start + 1 };
}
