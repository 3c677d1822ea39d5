import { RhythmError } from "../../shared/error.ts";
import { sha256 } from "./hash.ts";
import { Op, OPERANDS, SIGNATURES } from "./opcodes.ts";
import { type FunctionCode, type Program, PROGRAM_FORMAT, PROGRAM_SEMANTICS } from "./program.ts";

/** Thrown when a program cannot be run. */
export class ProgramError extends RhythmError {
  /** The name of the class. */
  override readonly name: string = "ProgramError";

  /**
   * Says why.
   *
   * @param problem why not
   * @param options a stable code, and what was thrown
   */
  constructor(
    problem: string,
    options: ErrorOptions & {
      code: "FLOW_PROGRAM_FORMAT" | "FLOW_PROGRAM_SEMANTICS" | "FLOW_PROGRAM_DAMAGED";
    },
  ) {
    super(`Cannot run the program: ${problem}`, options);
  }
}

/** Names a program by what is in it. A store that sorts keys does not change it. */
export function hashOf(program: Omit<Program, "hash">): string {
  const { format, semantics, name, source, constants, globals, functions, index } = program;
  const body = {
    ...{ format, semantics, name, source, constants, globals, functions: functions.map(inOrder) },
    ...(index !== undefined && { index }),
  };
  return sha256(JSON.stringify(body)).slice(0, 32);
}

function inOrder(code: FunctionCode): FunctionCode {
  const { name, length, params, async, rest, span, registers } = code;
  const { captures, captureNames, handlers, positions, variables, callees } = code;
  return {
    ...{ name, length, params, async, rest, span, registers, code: code.code },
    ...{ captures, captureNames, handlers, positions, variables, callees },
  };
}

/** Where each function of a program can wait: the `AWAIT` instructions, and how many registers each keeps. */
export type Waits = readonly ReadonlyMap<number, number>[];

/**
 * Check a program that was stored, in time linear in its size. One that passes has the hash of its contents. All that it names
 * exists, and each of its loops has a price.
 *
 * @returns where its functions can wait
 * @throws {ProgramError} when it is of another format, or damaged
 */
export function verifyProgram(program: Program): Waits {
  checkNumbers(program);
  try {
    const waits = new Verifier(program).run();
    if (hashOf(program) !== program.hash) refuse("its hash is not that of what is in it");
    return waits;
  } catch (error) {
    if (error instanceof Refused) {
      throw new ProgramError(`it is damaged (${error.message})`, { code: "FLOW_PROGRAM_DAMAGED" });
    }
    throw error;
  }
}

function checkNumbers(program: Program): void {
  const { format, semantics } = program;
  if (format !== PROGRAM_FORMAT) {
    const known = `this library knows format ${PROGRAM_FORMAT}`;
    throw new ProgramError(`it has format ${String(format)}, ${known}`, { code: "FLOW_PROGRAM_FORMAT" });
  }
  if (semantics !== PROGRAM_SEMANTICS) {
    const known = `this library knows semantics ${PROGRAM_SEMANTICS}; update the library`;
    const problem = `it has semantics ${String(semantics)}, ${known}`;
    throw new ProgramError(problem, { code: "FLOW_PROGRAM_SEMANTICS" });
  }
}

class Refused extends Error {}

function refuse(problem: string): never {
  throw new Refused(problem);
}

const NUMBERS: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity", "-0"]);
const RETURNS: ReadonlySet<number> = new Set([Op.RET, Op.RETU]);

/** How far the registers of an instruction reach: the operand of the first, of their number, and how many are between. */
const RANGES: ReadonlyMap<number, readonly [first: number, count: number, more: number]> = new Map([
  [Op.NEWARR, [2, 3, 0]],
  [Op.CALL, [2, 3, 1]],
  [Op.CALLM, [2, 4, 1]],
  [Op.CALLS, [2, 3, 2]],
  [Op.NEW, [2, 3, 1]],
]);

class Verifier {
  readonly #program: Program;
  /** How many registers and captures the maker of each function needs. */
  readonly #needs: { registers: number; captures: number }[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  run(): Waits {
    const { hash, name, source, constants, globals, functions, index } = this.#program;
    for (const text of [hash, name, source]) if (typeof text !== "string") refuse("a text is missing");
    if (!Array.isArray(constants) || !constants.every(isConstant)) refuse("a constant is none");
    if (!isTexts(globals)) refuse("a global name is no text");
    if (index !== undefined && !isTexts(index)) refuse("an indexed variable is no text");
    if (!Array.isArray(functions) || functions.length === 0) refuse("it has no functions");
    functions.forEach((code, index) => this.#head(code, index));
    const waits = functions.map((code, index) => this.#code(code, index));
    const [main] = functions;
    if (!main!.async || main!.params !== 0 || main!.rest || main!.captures.length > 0) {
      refuse("its first function is no body");
    }
    return waits;
  }

  #head(code: FunctionCode, index: number): void {
    const bad = (what: string): never => refuse(`${what} of function ${index}`);
    if (typeof code !== "object" || code === null) bad("the parts");
    const { name, length, params, rest, registers, span, captures, captureNames } = code;
    if (typeof name !== "string") bad("the name");
    if (typeof code.async !== "boolean" || typeof rest !== "boolean") bad("the kind");
    for (const list of [code.code, captures, code.handlers, code.positions, code.variables, code.callees]) {
      if (!isWhole(list)) bad("a list");
    }
    const { source } = this.#program;
    if (!isWhole(span) || span.length !== 2 || !(0 <= span[0] && span[0] <= span[1])) bad("the span");
    if (span[1] > source.length) bad("the span");
    if (!isIndex(params, source.length + 1) || !isIndex(length, source.length + 1)) bad("the parameters");
    // Each register is taken for something that the code does.
    const most = params + code.code.length + 1;
    if (!isIndex(registers, most + 1) || registers < params + (rest ? 1 : 0)) bad("the registers");
    if (!isTexts(captureNames) || captureNames.length !== captures.length) bad("the captured names");
    const needs = { registers: 0, captures: 0 };
    for (const from of captures) {
      if (from >= 0) needs.registers = Math.max(needs.registers, from + 1);
      else needs.captures = Math.max(needs.captures, -from);
    }
    this.#needs.push(needs);
  }

  #code(code: FunctionCode, index: number): ReadonlyMap<number, number> {
    const { code: list, registers } = code;
    const waits = new Map<number, number>();
    const starts = new Set<number>();
    let last = -1;
    for (let pc = 0; pc < list.length; pc += OPERANDS[last]! + 1) {
      last = list[pc]!;
      if (OPERANDS[last] === undefined) refuse(`there is no instruction ${last}`);
      if (pc + OPERANDS[last]! >= list.length) refuse(`function ${index} breaks off`);
      starts.add(pc);
      if (last === Op.AWAIT) waits.set(pc, list[pc + 3]!);
    }
    if (!RETURNS.has(last)) refuse(`function ${index} does not return`);
    if (waits.size > 0 && !code.async) refuse(`function ${index} waits and is not async`);
    for (const pc of starts) this.#instruction(code, pc, starts);
    this.#tables(code, starts);
    for (const top of waits.values()) if (!isIndex(top, registers + 1)) refuse("a wait keeps too much");
    return waits;
  }

  #instruction(code: FunctionCode, pc: number, starts: ReadonlySet<number>): void {
    const { code: list, registers } = code;
    const number = list[pc]!;
    const letters = SIGNATURES[number]!;
    const range = RANGES.get(number);
    for (let at = 1; at <= letters.length; at++) {
      const operand = list[pc + at]!;
      if (!this.#fits(letters[at - 1]!, operand, code)) {
        // An array of nothing may begin behind the last register.
        if (number === Op.NEWARR && at === 2 && operand === registers) continue;
        refuse(`operand ${operand} of instruction ${number}`);
      }
      if (letters[at - 1] !== "t") continue;
      // Only `LOOP` goes back, and it has its price.
      if (!starts.has(operand) || (operand <= pc) !== (number === Op.LOOP)) refuse(`a jump to ${operand}`);
    }
    if (number === Op.LOOP && list[pc + 2]! < 1) refuse("a loop without a price");
    if (range === undefined) return;
    const [first, count, more] = range;
    if (list[pc + first]! + list[pc + count]! + more > registers) refuse("a list of registers");
  }

  #fits(letter: string, operand: number, { registers, captures }: FunctionCode): boolean {
    const { constants } = this.#program;
    switch (letter) {
      case "d":
      case "r":
        return isIndex(operand, registers);
      case "k":
        return isIndex(operand, constants.length);
      case "s":
        return typeof constants[operand] === "string";
      case "c":
        return isIndex(operand, captures.length);
      case "f": {
        const needs = this.#needs[operand];
        return needs !== undefined && operand > 0 && needs.registers <= registers &&
          needs.captures <= captures.length;
      }
      default:
        return letter !== "n" || operand >= 0;
    }
  }

  #tables(code: FunctionCode, starts: ReadonlySet<number>): void {
    const { code: { length: end }, registers, handlers, positions, variables, callees } = code;
    const isPc = (pc: number): boolean => isIndex(pc, end + 1);
    if (handlers.length % 5 + positions.length % 2 + variables.length % 4 + callees.length % 2 !== 0) {
      refuse("a table breaks off");
    }
    for (let at = 0; at < handlers.length; at += 5) {
      const [from, to, handler, register, kind] = handlers.slice(at, at + 5) as [
        number,
        number,
        number,
        number,
        number,
      ];
      // Behind what it handles: nothing is thrown into it twice.
      const fits = isPc(from) && isPc(to) && starts.has(handler) && handler >= to &&
        isIndex(register, registers);
      if (!fits || (kind !== 0 && kind !== 1)) refuse("a handler");
    }
    let [pc, offset] = [0, 0];
    for (let at = 0; at < positions.length; at += 2) {
      pc += positions[at]!;
      offset += positions[at + 1]!;
      if (positions[at]! < 0 || !isPc(pc) || !isIndex(offset, this.#program.source.length + 1)) {
        refuse("a position");
      }
    }
    for (let at = 0; at < variables.length; at += 4) {
      const fits = this.#fits("s", variables[at]!, code) && isIndex(variables[at + 1]!, registers);
      if (!fits || !isPc(variables[at + 2]!) || !isPc(variables[at + 3]!)) refuse("a variable");
    }
    for (let at = 0; at < callees.length; at += 2) {
      if (!isPc(callees[at]!) || !this.#fits("s", callees[at + 1]!, code)) refuse("a callee");
    }
  }
}

function isConstant(one: unknown): boolean {
  if (typeof one === "string" || Number.isFinite(one)) return true;
  return typeof one === "object" && one !== null && Object.keys(one).length === 1 && "number" in one &&
    NUMBERS.has(one.number);
}

function isTexts(list: unknown): boolean {
  return Array.isArray(list) && list.every((one) => typeof one === "string");
}

function isWhole(list: unknown): boolean {
  return Array.isArray(list) && list.every((one) => Number.isSafeInteger(one));
}

function isIndex(value: number, below: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < below;
}
