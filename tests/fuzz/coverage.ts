/**
 * What generated programs reach: kinds of syntax, instructions, members of the library.
 *
 * @module
 */

import { library } from "../../src/flow/builtins/mod.ts";
import type { Program as Compiled } from "../../src/flow/compile/program.ts";
import { Op, OPERANDS, type OpName } from "../../src/flow/compile/opcodes.ts";
import { createWorld } from "../../src/flow/durable/globals.ts";
import { parseFlow } from "../../src/flow/parser/mod.ts";
import { NativeFunction, type Value } from "../../src/flow/vm/value.ts";
import type { Program } from "./generate/program.ts";
import { PRELUDE } from "./generate/program.ts";
import { compileSource, runProgram } from "./run/flow.ts";

/** How often each thing was met. */
export interface Coverage {
  /** `Kind`, and `Kind.trait` for operators and flags. */
  syntax: Map<string, number>;
  /** Every instruction, with 0 for those that no program has. */
  instructions: Map<string, number>;
  /** Every function and accessor of the library, with 0 for those that no program called. */
  members: Map<string, number>;
}

/** Run programs and count what they reach. */
export function measure(programs: readonly Program[]): Coverage {
  const members = watchLibrary();
  const syntax = new Map<string, number>();
  const instructions = new Map(Object.keys(Op).map((name) => [name, 0]));
  for (const program of programs) {
    const { ast } = parseFlow({ name: "fuzz.flow", source: program.source });
    for (const statement of ast?.body ?? []) {
      if (statement.end > PRELUDE.length) countSyntax(statement, syntax);
    }
    const compiled = compileSource(program.source);
    if ("end" in compiled) continue;
    countInstructions(compiled, instructions);
    runProgram(compiled, program, { warm: true });
  }
  return { syntax, instructions, members };
}

/** The names that were never met. */
export function blind(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, count]) => count === 0).map(([name]) => name);
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Flags and operators that make two nodes of one kind different things. */
const TRAITS = ["operator", "async", "computed", "optional", "kind", "prefix", "shorthand", "method"];

function countSyntax(root: object, counts: Map<string, number>): void {
  const stack: unknown[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (Array.isArray(node)) {
      for (const item of node) stack.push(item ?? undefined);
    } else if (typeof node === "object" && node !== null) {
      const { type } = node as { type?: string };
      if (type) add(counts, type);
      for (const [key, value] of Object.entries(node)) {
        if (type && TRAITS.includes(key) && value !== false) add(counts, `${type}.${key}=${value}`);
        else if (typeof value === "object" && value !== null) stack.push(value);
      }
    }
  }
}

function countInstructions(program: Compiled, counts: Map<string, number>): void {
  const names = Object.keys(Op) as OpName[];
  for (const { code } of program.functions) {
    for (let pc = 0; pc < code.length; pc += OPERANDS[code[pc]!]! + 1) add(counts, names[code[pc]!]!);
  }
}

/** Count every call of the library from here on. */
function watchLibrary(): Map<string, number> {
  const counts = new Map<string, number>();
  const world = createWorld(library);
  const watch = (id: string, holder: object, key: string): void => {
    const original = (holder as Record<string, unknown>)[key];
    if (typeof original !== "function") return;
    counts.set(id, 0);
    const call = original as (...args: unknown[]) => unknown;
    Reflect.set(holder, key, (...args: unknown[]) => (add(counts, id), call(...args)));
  };
  for (const value of world.globals.values()) watchValue(value, watch);
  for (const [tag, table] of Object.entries(world.library.members)) {
    for (const method of table.methods.values()) watch(method.id, method, "call");
    for (const [name, accessor] of table.accessors ?? []) watch(`${tag}.${name}`, accessor, "get");
  }
  return counts;
}

function watchValue(value: Value, watch: (id: string, holder: object, key: string) => void): void {
  if (value instanceof NativeFunction) {
    watch(value.id, value, "call");
    watch(`new ${value.id}`, value, "construct");
    for (const member of value.statics.values()) watchValue(member, watch);
  } else if (typeof value === "object" && value !== null && "members" in value) {
    for (const member of (value.members as ReadonlyMap<string, Value>).values()) watchValue(member, watch);
  }
}
