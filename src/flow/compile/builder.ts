import { Op, OPERANDS, type OpName, WRITES } from "./opcodes.ts";
import type { FunctionCode, Program } from "./program.ts";
import type { Variable } from "./scope.ts";

/** A place in the code that jumps lead to. */
export interface Label {
  pc: number;
  /** Positions of operands to fill in. */
  uses: number[];
}

/** What all functions of one program share. */
export class ProgramBuilder {
  readonly constants: Program["constants"] = [];
  readonly functions: FunctionCode[] = [];
  readonly globals = new Set<string>();
  readonly #known = new Map<string | number, number>();

  /** The index of a constant. */
  constant(value: string | number): number {
    // A Map takes -0 for 0, so -0 goes in as text with a letter in front that no other key has.
    const key = Object.is(value, -0) ? "n-0" : typeof value === "string" ? "s" + value : value;
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.constants.length;
      const plain = typeof value === "string" || (Number.isFinite(value) && !Object.is(value, -0));
      this.constants.push(plain ? value : { number: Object.is(value, -0) ? "-0" : String(value) });
      this.#known.set(key, index);
    }
    return index;
  }
}

/** Collects the code of one function and hands out its registers like a stack. */
export class FunctionBuilder {
  readonly program: ProgramBuilder;
  readonly code: number[] = [];
  readonly handlers: number[] = [];
  readonly positions: number[] = [];
  readonly variables: number[] = [];
  readonly callees: number[] = [];
  readonly captures: Variable[] = [];
  /** Registers taken and not written since: they hold what was there before. */
  readonly stale = new Set<number>();
  top = 0;
  registers = 0;
  #lastPc = 0;
  #lastOffset = 0;
  #offset = 0;
  #instructions = 0;

  constructor(program: ProgramBuilder) {
    this.program = program;
  }

  /** The pc of the next instruction. */
  get pc(): number {
    return this.code.length;
  }

  /** How many instructions there are so far. */
  get count(): number {
    return this.#instructions;
  }

  /** Append an instruction. */
  emit(op: OpName, ...operands: (number | Label)[]): void {
    const number = Op[op];
    if (operands.length !== OPERANDS[number]) throw new Error(`${op} takes ${OPERANDS[number]} operands`);
    if (this.#offset !== this.#lastOffset) {
      this.positions.push(this.code.length - this.#lastPc, this.#offset - this.#lastOffset);
      this.#lastPc = this.code.length;
      this.#lastOffset = this.#offset;
    }
    this.#instructions++;
    if (WRITES.has(number)) this.stale.delete(operands[0] as number);
    this.code.push(number);
    for (const operand of operands) {
      if (typeof operand === "number") this.code.push(operand);
      else {
        if (operand.pc < 0) operand.uses.push(this.code.length);
        this.code.push(operand.pc);
      }
    }
  }

  /** What follows comes from this offset in the source. */
  at(offset: number): void {
    this.#offset = offset;
  }

  /** The current offset, to come back to. */
  get offset(): number {
    return this.#offset;
  }

  /** A label that is placed later. */
  label(): Label {
    return { pc: -1, uses: [] };
  }

  /** A label right here. */
  here(): Label {
    return { pc: this.code.length, uses: [] };
  }

  /** Put a label here. */
  place(label: Label): void {
    label.pc = this.code.length;
    for (const use of label.uses) this.code[use] = label.pc;
  }

  /** The next free register. */
  take(count = 1): number {
    const register = this.top;
    this.top += count;
    for (let one = register; one < this.top; one++) this.stale.add(one);
    if (this.top > this.registers) this.registers = this.top;
    return register;
  }

  /** The index of a string constant. */
  text(value: string): number {
    return this.program.constant(value);
  }

  /** The capture that holds an outer variable. */
  capture(variable: Variable): number {
    const index = this.captures.indexOf(variable);
    return index >= 0 ? index : this.captures.push(variable) - 1;
  }
}
