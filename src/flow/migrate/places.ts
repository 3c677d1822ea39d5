import { Op, OPERANDS, WRITES } from "../compile/opcodes.ts";
import type { FunctionCode, Program } from "../compile/program.ts";
import { offsetAt, placeOf } from "../vm/loaded.ts";

/** A function and one of its instructions. */
export type Stand = readonly [fn: number, pc: number];

/** A variable of an activation. */
export interface Local {
  readonly name: string;
  readonly register: number;
  /** Whether closures share it through a box. */
  readonly boxed: boolean;
}

/** What an activation keeps while it waits. */
export interface Kept {
  /** How many registers. */
  readonly size: number;
  /** The variables in scope, those of outer scopes first. */
  readonly variables: readonly Local[];
  /** The registers without a name, in order: what a loop walks, what a call is given … */
  readonly others: readonly number[];
}

/** What a captured value is: a variable of an outer function. */
export interface Owner {
  /** The function whose variable it is. */
  readonly fn: number;
  readonly name: string;
  readonly boxed: boolean;
}

/** Where functions of a program can wait, and with what. */
export class Layout {
  readonly program: Program;
  readonly #parents: readonly number[];
  readonly #kept = new Map<string, Kept>();
  readonly #owners = new Map<string, Owner>();

  /** @param program the program; use {@linkcode layoutOf} */
  constructor(program: Program) {
    this.program = program;
    const parents: number[] = [];
    program.functions.forEach(({ code }, index) => {
      for (const [op, pc] of instructions(code)) {
        if (op === Op.CLOSURE || op === Op.BAREFN) parents[code[pc + 2]!] = index;
      }
    });
    this.#parents = parents;
  }

  /** Every place where it can wait. */
  *stands(): Generator<Stand> {
    for (const [index, { code }] of this.program.functions.entries()) {
      for (const [op, pc] of instructions(code)) if (op === Op.AWAIT) yield [index, pc];
    }
  }

  /** The line of an instruction. */
  lineOf([fn, pc]: Stand): number {
    return placeOf(this.program, offsetAt(this.program.functions[fn]!, pc)).line;
  }

  /** What an activation keeps there. */
  keptAt(stand: Stand): Kept {
    const key = stand.join(":");
    let kept = this.#kept.get(key);
    if (kept === undefined) this.#kept.set(key, kept = this.#readKept(stand));
    return kept;
  }

  #readKept([fn, pc]: Stand): Kept {
    const code = this.program.functions[fn]!;
    const size = code.code[pc + 3]!;
    const variables: Local[] = [];
    for (let index = 0; index < code.variables.length; index += 4) {
      const [constant, register, from, to] = code.variables.slice(index, index + 4) as [
        number,
        number,
        number,
        number,
      ];
      if (pc < from || pc >= to || register >= size) continue;
      variables.push({
        name: String(this.program.constants[constant]),
        register,
        boxed: isBoxed(code, register, from),
      });
    }
    const named = new Set(variables.map(({ register }) => register));
    const others = Array.from({ length: size }, (_, register) => register).filter((one) => !named.has(one));
    return { size, variables, others };
  }

  /** The function that a variable holds from its declaration on; nothing: it holds something else. */
  functionIn(fn: number, { name, register }: Local): number | undefined {
    const { code } = this.program.functions[fn]!;
    let made: number | undefined;
    for (const [op, pc] of instructions(code)) {
      const [to, index] = [code[pc + 1]!, code[pc + 2]!];
      if (op === Op.BAREFN || op === Op.CLOSURE) {
        // What is kept in a box is made in another register first.
        const isTaken = (code[pc + 3] === Op.MOVE || code[pc + 3] === Op.BOXSET) && code[pc + 5] === to;
        const isThere = to === register || isTaken && code[pc + 4] === register;
        if (isThere && this.program.functions[index]!.name === name) made = index;
      }
    }
    return made;
  }

  /** Whose variable a function has captured. */
  ownerOf(fn: number, nth: number): Owner {
    const key = `${fn}:${nth}`;
    let owner = this.#owners.get(key);
    if (owner === undefined) this.#owners.set(key, owner = this.#readOwner(fn, nth));
    return owner;
  }

  #readOwner(fn: number, nth: number): Owner {
    const code = this.program.functions[fn]!;
    const from = code.captures[nth]!;
    const parent = this.#parents[fn]!;
    if (from < 0) return this.ownerOf(parent, -1 - from);
    const name = code.captureNames[nth]!;
    const owner = this.program.functions[parent]!;
    for (let index = 0; index < owner.variables.length; index += 4) {
      const [constant, register, start] = owner.variables.slice(index, index + 3) as [number, number, number];
      if (register !== from || this.program.constants[constant] !== name) continue;
      return { fn: parent, name, boxed: isBoxed(owner, register, start) };
    }
    return { fn: parent, name, boxed: false };
  }
}

const layouts = new WeakMap<Program, Layout>();

/** The layout of a program. */
export function layoutOf(program: Program): Layout {
  let layout = layouts.get(program);
  if (layout === undefined) layouts.set(program, layout = new Layout(program));
  return layout;
}

/** Whether the variable that begins here is kept in a box: it is put there right before or after its beginning. */
function isBoxed({ code }: FunctionCode, register: number, from: number): boolean {
  let boxed = false;
  for (const [op, pc] of instructions(code)) {
    if (pc >= from) {
      const at = op === Op.MOVE && code[pc + 1] === register ? pc + 1 + OPERANDS[op]! : pc;
      return boxed || code[at] === Op.BOX && code[at + 1] === register;
    }
    if (op === Op.BOX && code[pc + 1] === register) boxed = true;
    else if (WRITES.has(op) && code[pc + 1] === register) boxed = false;
  }
  return boxed;
}

function* instructions(code: readonly number[]): Generator<[op: number, pc: number]> {
  for (let pc = 0; pc < code.length; pc += OPERANDS[code[pc]!]! + 1) yield [code[pc]!, pc];
}

/** How an activation of one program becomes one of another. */
export interface Fit {
  /** Variables that have no value there, though their declaration has run. */
  readonly missing: readonly string[];
  /** Why it cannot go on there; nothing: it can. */
  readonly problem?: string;
}

/** Where two programs can wait, with what they keep there. */
export class Places {
  readonly from: Layout;
  readonly to: Layout;
  readonly #names: ReadonlyMap<string, string>;

  /**
   * @param from the program in which activations stand
   * @param to the program in which they go on
   * @param names the names in the first program of what was renamed
   */
  constructor(from: Program, to: Program, names: ReadonlyMap<string, string>) {
    this.from = layoutOf(from);
    this.to = layoutOf(to);
    this.#names = names;
  }

  /** Every place where the first program can wait, with its line. */
  *stands(): Generator<[stand: string, line: number]> {
    for (const stand of this.from.stands()) yield [stand.join(":"), this.from.lineOf(stand)];
  }

  /** The places of the second program in a line. */
  standsAt(line: number): Stand[] {
    return [...this.to.stands()].filter((stand) => this.to.lineOf(stand) === line);
  }

  /** The register of each variable of the second program that the first one has; -1: it has none. */
  variables(from: Kept, to: Kept): { local: Local; was: number }[] {
    const seen = new Map<string, number>();
    return to.variables.map((local) => {
      const name = this.#names.get(local.name) ?? local.name;
      const nth = seen.get(name) ?? 0;
      seen.set(name, nth + 1);
      return { local, was: from.variables.filter((one) => one.name === name)[nth]?.register ?? -1 };
    });
  }

  /** The number of a captured value of the second program in the function of the first one; -1: it has not captured it. */
  capture(from: number, name: string): number {
    return this.from.program.functions[from]!.captureNames.indexOf(this.#names.get(name) ?? name);
  }

  /** Whether an activation can go on there. */
  fit(from: Stand, to: Stand, declaredBefore = Infinity): Fit {
    const [was, is] = [this.from.keptAt(from), this.to.keptAt(to)];
    const missing: string[] = [];
    for (const { local, was: register } of this.variables(was, is)) {
      if (register >= 0 || this.#canBeMade(to[0], local, from[0])) continue;
      if (this.#isDeclaredBefore(to[0], local.name, declaredBefore)) missing.push(local.name);
    }
    if (was.others.length !== is.others.length) {
      return { missing, problem: "it stands inside another loop, try or call there" };
    }
    return { missing, ...this.#captured(from[0], to[0]) };
  }

  /** What is declared behind the place has no value yet: that is as it should be. Functions have one from the start. */
  #isDeclaredBefore(fn: number, name: string, offset: number): boolean {
    const { source } = this.to.program;
    const [start, end] = this.to.program.functions[fn]!.span;
    if (offset === Infinity) return true;
    const behind = source.slice(Math.max(start, offset), end);
    const before = source.slice(start, offset);
    const declared = new RegExp(`\\b(?:let|const)\\s+${escaped(name)}(?![\\w$])`);
    return declared.test(before) || !declared.test(behind);
  }

  /** Whether a variable is a function that can be made there: what it captures is there. */
  #canBeMade(fn: number, local: Local, was: number): boolean {
    const index = this.to.functionIn(fn, local);
    if (index === undefined) return false;
    const { captures } = this.to.program.functions[index]!;
    const own = this.to.program.functions[fn]!.captureNames;
    return captures.every((from) => from >= 0 || this.capture(was, own[-1 - from]!) >= 0);
  }

  /** Whether what a function of the second program captures can be found. */
  #captured(from: number, to: number): { problem?: string } {
    const { captureNames } = this.to.program.functions[to]!;
    for (const [nth, name] of captureNames.entries()) {
      const owner = this.to.ownerOf(to, nth);
      const was = this.capture(from, name);
      const isFound = was >= 0 && (!owner.boxed || this.from.ownerOf(from, was).boxed);
      if (!isFound && owner.fn !== 0) {
        return { problem: `its function uses "${name}", which it did not before` };
      }
    }
    return {};
  }
}

function escaped(name: string): string {
  return name.replace(/[$]/g, "\\$&");
}
