import { loadProgram, placeOf } from "../vm/loaded.ts";
import type { Program } from "../compile/program.ts";
import type { Node } from "../parser/ast.ts";
import type { JsonValue } from "../../shared/json.ts";
import {
  awaitsOf,
  bodyOf,
  eachPart,
  type FlowTree,
  isFunction,
  KeyWriter,
  statementsIn,
  type TreeFunction,
  treeOf,
} from "./tree.ts";
import { type Fit, Places, type Stand } from "./places.ts";

/** How sure it is that a place of one program is a place of another one. */
export type PairHow = "sure" | "likely" | "none";

/** An `await` of one program, and where a workflow that stands there goes on in another program. */
export interface AwaitPair {
  /** Function and instruction in the other program, as `2:17`; null: nowhere. */
  readonly to: string | null;
  /** How sure that is. */
  readonly how: PairHow;
  /** The line of the `await`, from 1. */
  readonly line: number;
  /** The line where it goes on; null: nowhere. */
  readonly toLine: number | null;
  /** Why it is not sure. */
  readonly why?: string;
  /** Variables that would have no value there, though they are declared. As long as nobody gives them one, it is not sure. */
  readonly lacks?: readonly string[];
}

/** Two programs of a flow, paired. */
export interface Pairing {
  /** The number that each function has in the other program, by its number; -1: it is gone. */
  readonly functions: readonly number[];
  /** Each `await`, by function and instruction, as `2:17`. */
  readonly awaits: ReadonlyMap<string, AwaitPair>;
  /** The names in the first program of functions that were renamed, by their new ones. */
  readonly names: ReadonlyMap<string, string>;
}

/** What to do with places that are not sure. */
export interface PairChoice {
  /** Lines of the first program, and the lines of the other one where to go on. */
  readonly map?: Readonly<Record<string, number>>;
  /** Whether what is likely is taken for sure. */
  readonly accept?: "sure" | "likely";
  /** Values of variables of the body of the flow. */
  readonly set?: Readonly<Record<string, JsonValue>>;
}

/** The stands of a pairing as JSON, for the database. */
export function pairingToJson({ awaits }: Pairing): Record<string, JsonValue> {
  return Object.fromEntries([...awaits].map(([stand, pair]) => [stand, { ...pair } as unknown as JsonValue]));
}

const pairings = new WeakMap<Program, WeakMap<Program, Pairing>>();

/**
 * Pairs the functions and awaits of two programs of a flow: by their place in the tree and their text.
 *
 * @throws {ProgramError} one of them is of another format than this library knows, or damaged
 */
export function pairPrograms(from: Program, to: Program): Pairing {
  let known = pairings.get(from);
  if (known === undefined) pairings.set(from, known = new WeakMap());
  let pairing = known.get(to);
  if (pairing === undefined) known.set(to, pairing = new Pairer(from, to).run());
  return pairing;
}

/** The pairing with what a person has chosen. */
export function chosen(pairing: Pairing, from: Program, to: Program, choice: PairChoice): Pairing {
  const { map = {} } = choice;
  if (Object.keys(map).length === 0) return pairing;
  const places = new Places(from, to, pairing.names);
  const awaits = new Map(pairing.awaits);
  const functions = [...pairing.functions];
  for (const [stand, pair] of awaits) {
    const line = map[pair.line];
    if (line === undefined) continue;
    const [fn, pc] = numbers(stand);
    const target = places.standsAt(line).find(([other]) => functions[fn] === -1 || functions[fn] === other);
    if (target === undefined) {
      awaits.set(stand, {
        ...pair,
        to: null,
        how: "none",
        toLine: null,
        why: `there is no await at line ${line}`,
      });
      continue;
    }
    functions[fn] = target[0];
    awaits.set(
      stand,
      pairOf(places.fit([fn, pc], target), { to: target, line: pair.line, toLine: line, level: "sure" }),
    );
  }
  return { ...pairing, functions, awaits };
}

/** Function and instruction of a stand. */
export function numbers(stand: string): [fn: number, pc: number] {
  return stand.split(":").map(Number) as [number, number];
}

function pairOf(
  { missing, problem }: Fit,
  { to, line, toLine, level }: { to: Stand; line: number; toLine: number; level: PairHow },
): AwaitPair {
  if (problem !== undefined) return { to: null, how: "none", line, toLine: null, why: problem };
  const why = level === "likely" ? "the statement, or one around it, has changed" : undefined;
  return {
    ...{ to: to.join(":"), how: level, line, toLine, ...(why !== undefined && { why }) },
    ...(missing.length > 0 && { lacks: missing }),
  };
}

/** Why a pair is not good enough; nothing: it is. */
export function refusal(pair: AwaitPair | undefined, { accept, set = {} }: PairChoice): string | undefined {
  if (pair === undefined) return "it stands at no await";
  const lacks = pair.lacks?.filter((name) => !Object.hasOwn(set, name)) ?? [];
  const how = pair.how === "sure" && lacks.length > 0 ? "likely" : pair.how;
  if (how === "sure" || how === "likely" && accept === "likely") return undefined;
  const where = pair.toLine === null ? "" : ` to line ${pair.toLine} is only ${how}`;
  return `line ${pair.line}${where}: ${lacks.length > 0 ? `"${lacks[0]}" has no value there` : pair.why}`;
}

/** A table of so many cells takes milliseconds. */
const MAX_CELLS = 1_000_000;

class Pairer {
  readonly #from: Program;
  readonly #to: Program;
  readonly #places: Places;
  readonly #functions: number[];
  readonly #taken = new Set<number>();
  readonly #awaits = new Map<string, AwaitPair>();
  readonly #names = new Map<string, string>();
  #trees!: readonly [FlowTree, FlowTree];
  #keys!: readonly [KeyWriter, KeyWriter];
  #todo: [TreeFunction, TreeFunction][] = [];
  #offsets!: readonly [ReadonlyMap<number, readonly number[]>, ReadonlyMap<number, readonly number[]>];
  #current!: readonly [TreeFunction, TreeFunction];

  constructor(from: Program, to: Program) {
    // What this library does not know, or what is damaged, is refused.
    for (const program of [from, to]) loadProgram(program);
    this.#from = from;
    this.#to = to;
    this.#functions = from.functions.map(() => -1);
    this.#places = new Places(from, to, this.#names);
  }

  run(): Pairing {
    const [one, other] = [treeOf(this.#from), treeOf(this.#to)];
    if (one !== undefined && other !== undefined) {
      this.#trees = [one, other];
      this.#pairNamed();
      this.#todo.unshift([one.functions[0]!, other.functions[0]!]);
      this.#take(one.functions[0]!, other.functions[0]!);
      // Anonymous functions are added while their outer ones are walked.
      for (const [a, b] of this.#todo) this.#pairBodies(a, b);
    }
    this.#rest();
    return { functions: this.#functions, awaits: this.#awaits, names: this.#names };
  }

  #take(a: TreeFunction, b: TreeFunction): void {
    this.#functions[a.index] = b.index;
    this.#taken.add(b.index);
  }

  /** Functions with names may move and be renamed: first those that are the same but for that. */
  #pairNamed(): void {
    const wild = this.#trees.map((tree) => {
      const names = new Map<string, string>();
      for (const { name } of tree.functions) if (name !== undefined) names.set(name, "function");
      const writer = new KeyWriter(names, "whole");
      return tree.functions.filter(({ name }) => name !== undefined).map((fn) => ({
        fn,
        key: writer.ofFunction(fn.node as never),
      }));
    });
    const [left, right] = wild as [typeof wild[0], typeof wild[0]];
    const rounds: ((a: typeof left[0], b: typeof left[0]) => boolean)[] = [
      (a, b) => a.fn.name === b.fn.name && a.key === b.key,
      (a, b) => a.key === b.key,
      (a, b) => a.fn.name === b.fn.name,
    ];
    for (const fits of rounds) {
      for (const a of [...left]) {
        const nth = right.findIndex((b) => fits(a, b));
        if (nth < 0) continue;
        const [b] = right.splice(nth, 1);
        left.splice(left.indexOf(a), 1);
        this.#take(a.fn, b!.fn);
        this.#todo.push([a.fn, b!.fn]);
        if (a.fn.name !== b!.fn.name) this.#names.set(b!.fn.name!, a.fn.name!);
      }
    }
    // A name that stands for other things, too, tells nothing.
    const declared = this.#trees.map((tree) => declaredNames(tree.ast));
    for (const [name, was] of this.#names) {
      if (declared[0]!.get(was) !== 1 || declared[1]!.get(name) !== 1 || declared[0]!.has(name)) {
        this.#names.delete(name);
      }
    }
    this.#keys = [new KeyWriter(new Map(), "marked"), new KeyWriter(this.#names, "marked")];
  }

  #pairBodies(a: TreeFunction, b: TreeFunction): void {
    this.#current = [a, b];
    this.#offsets = [awaitsOf(a), awaitsOf(b)];
    if (a.node.type !== "Program" && b.node.type !== "Program") {
      this.#list(a.node.params, b.node.params, "sure");
    }
    const [left, right] = [bodyOf(a.node), bodyOf(b.node)];
    this.#list(listOf(left), listOf(right), "sure");
  }

  /** Unchanged statements first; what lies between them by its kind, in order. */
  #list(left: readonly Node[], right: readonly Node[], level: PairHow): void {
    const [one, other] = [statementsIn(left), statementsIn(right)];
    const keys = [
      one.map((node) => this.#keys[0].key(node)),
      other.map((node) => this.#keys[1].key(node)),
    ] as const;
    const counts = keys.map(countOf);
    let [a, b] = [0, 0];
    const gap = (toA: number, toB: number): void => this.#gap(one.slice(a, toA), other.slice(b, toB), level);
    for (const [i, j] of common(keys[0], keys[1])) {
      gap(i, j);
      // Of statements that are there several times, nobody knows which one is gone.
      const isClear = counts[0]!.get(keys[0][i]!) === counts[1]!.get(keys[0][i]!);
      this.#same(one[i]!, other[j]!, isClear ? level : "likely");
      [a, b] = [i + 1, j + 1];
    }
    gap(one.length, other.length);
  }

  #gap(left: readonly Node[], right: readonly Node[], level: PairHow): void {
    let next = 0;
    for (const a of left) {
      const fits = [
        (b: Node) => a.type === b.type && this.#head(a, 0) === this.#head(b, 1),
        (b: Node) => a.type === b.type && this.#goals(a, 0) === this.#goals(b, 1),
        (b: Node) => isPlain(a) && isPlain(b) && this.#goals(a, 0) === this.#goals(b, 1),
      ];
      let found = -1;
      for (const fit of fits) {
        if (found < 0) found = right.findIndex((b, nth) => nth >= next && fit(b));
      }
      if (found < 0) continue;
      this.#similar(a, right[found]!, level);
      next = found + 1;
    }
  }

  /** What a statement with others inside does itself. */
  #head(node: Node, side: 0 | 1): string | undefined {
    const parts = headOf(node);
    return parts?.map((part) => part === null ? "" : this.#keys[side].key(part)).join(";");
  }

  /** What is waited for in a statement: `Task.run("pay")`. */
  #goals(node: Node, side: 0 | 1): string | undefined {
    const goals = awaitsIn(node).map(({ argument }) => {
      if (argument.type !== "CallExpression") return argument.type;
      const [first] = argument.arguments;
      return this.#keys[side].key(argument.callee) +
        (first?.type === "Literal" ? this.#keys[side].key(first) : "");
    });
    return goals.length === 0 ? undefined : goals.join();
  }

  /** The same text: everything in it has its counterpart in the same order. */
  #same(a: Node, b: Node, level: PairHow): void {
    this.#zip(awaitsIn(a), awaitsIn(b), level);
    this.#zipFunctions(a, b);
  }

  #zip(left: readonly Node[], right: readonly Node[], level: PairHow): void {
    if (left.length !== right.length) return;
    left.forEach((node, nth) => this.#await(node, right[nth]!, level));
  }

  #zipFunctions(a: Node, b: Node): void {
    const [left, right] = [a, b].map((node, side) => {
      const found: TreeFunction[] = [];
      const walk = (part: Node): void => {
        if (!isFunction(part)) return eachPart(part, walk);
        const fn = this.#trees[side]!.byNode.get(part);
        if (fn !== undefined && fn.node.type !== "FunctionDeclaration") found.push(fn);
      };
      walk(node);
      return found;
    }) as [TreeFunction[], TreeFunction[]];
    if (left.length !== right.length) return;
    left.forEach((fn, nth) => {
      const other = right[nth]!;
      if (this.#functions[fn.index] !== -1 || this.#taken.has(other.index)) return;
      this.#take(fn, other);
      this.#todo.push([fn, other]);
    });
  }

  #similar(a: Node, b: Node, level: PairHow): void {
    const heads = [headOf(a), headOf(b)];
    if (heads[0] === undefined || heads[1] === undefined) return this.#same(a, b, "likely");
    const inner = this.#head(a, 0) === this.#head(b, 1) ? level : "likely";
    heads[0].forEach((part, nth) => {
      const other = heads[1]![nth];
      if (part && other) this.#same(part, other, inner);
    });
    const [left, right] = [insideOf(a), insideOf(b)];
    left.forEach((list, nth) => {
      const other = right[nth];
      if (list !== null && other) this.#list(list, other, inner);
    });
  }

  #await(a: Node, b: Node, level: PairHow): void {
    const [pcs, others] = [this.#offsets[0].get(a.start) ?? [], this.#offsets[1].get(b.start) ?? []];
    if (pcs.length !== others.length) return;
    const [fn, other] = [this.#current[0].index, this.#current[1].index];
    pcs.forEach((pc, nth) => {
      const to = [other, others[nth]!] as const;
      const [line, toLine] = [placeOf(this.#from, a.start).line, placeOf(this.#to, b.start).line];
      const fit = this.#places.fit([fn, pc], to, b.start);
      this.#awaits.set(`${fn}:${pc}`, pairOf(fit, { to, line, toLine, level }));
    });
  }

  /** What has no counterpart. */
  #rest(): void {
    for (const [stand, line] of this.#places.stands()) {
      if (this.#awaits.has(stand)) continue;
      const why = this.#trees === undefined
        ? "the text of a version cannot be read"
        : "its statement is gone, or another one";
      this.#awaits.set(stand, { to: null, how: "none", line, toLine: null, why });
    }
  }
}

function listOf(body: readonly Node[] | Node): readonly Node[] {
  return Array.isArray(body) ? body : [body as Node];
}

function isPlain({ type }: Node): boolean {
  return type === "ExpressionStatement" || type === "VariableDeclaration" || type === "ReturnStatement";
}

/** The parts of a statement that decide about those inside; nothing: there are none inside. */
function headOf(node: Node): (Node | null)[] | undefined {
  switch (node.type) {
    case "BlockStatement":
    case "TryStatement":
      return [];
    case "IfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
    case "SwitchCase":
      return [node.test];
    case "ForStatement":
      return [node.init, node.test, node.update];
    case "ForOfStatement":
    case "ForInStatement":
      return [node.left, node.right];
    case "SwitchStatement":
      return [node.discriminant];
    case "CatchClause":
      return [node.param];
    case "LabeledStatement":
      return [node.label];
    default:
      return undefined;
  }
}

/** The lists of statements in a statement. */
function insideOf(node: Node): (readonly Node[] | null)[] {
  const list = (part: Node | null): readonly Node[] | null =>
    part === null ? null : part.type === "BlockStatement" ? part.body : [part];
  switch (node.type) {
    case "BlockStatement":
      return [node.body];
    case "TryStatement":
      return [list(node.block), node.handler && [node.handler], list(node.finalizer)];
    case "IfStatement":
      return [list(node.consequent), list(node.alternate)];
    case "SwitchStatement":
      return [node.cases];
    case "SwitchCase":
      return [node.consequent];
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
    case "ForOfStatement":
    case "ForInStatement":
    case "CatchClause":
    case "LabeledStatement":
      return [list(node.body)];
    default:
      return [];
  }
}

/** The awaits of a node, without those of functions inside. */
function awaitsIn(node: Node): (Node & { type: "AwaitExpression" })[] {
  const found: (Node & { type: "AwaitExpression" })[] = [];
  const walk = (part: Node): void => {
    if (isFunction(part)) return;
    if (part.type === "AwaitExpression") found.push(part);
    eachPart(part, walk);
  };
  walk(node);
  return found;
}

/** How often each name is declared, anywhere. */
function declaredNames(ast: Node): Map<string, number> {
  const names = new Map<string, number>();
  const pattern = (node: Node): void => {
    if (node.type === "Identifier") names.set(node.name, (names.get(node.name) ?? 0) + 1);
    else if (node.type === "AssignmentPattern") pattern(node.left);
    else if (node.type === "Property") pattern(node.value as Node);
    else if (node.type !== "MemberExpression") eachPart(node, pattern);
  };
  const walk = (node: Node): void => {
    if (node.type === "VariableDeclarator") pattern(node.id);
    else if (node.type === "CatchClause" && node.param) pattern(node.param);
    else if (isFunction(node)) {
      if (node.id) pattern(node.id);
      for (const param of node.params) pattern(param);
    }
    eachPart(node, walk);
  };
  walk(ast);
  return names;
}

function countOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** The longest list of equal items in both, as pairs of places. */
function common(left: readonly string[], right: readonly string[]): [number, number][] {
  const pairs: [number, number][] = [];
  let start = 0;
  while (start < left.length && left[start] === right[start]) pairs.push([start, start++]);
  let ends = 0;
  const most = Math.min(left.length, right.length) - start;
  while (ends < most && left[left.length - 1 - ends] === right[right.length - 1 - ends]) ends++;
  const [a, b] = [left.slice(start, left.length - ends), right.slice(start, right.length - ends)];
  const width = b.length + 1;
  if ((a.length + 1) * width <= MAX_CELLS) {
    const best = new Uint32Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        best[i * width + j] = a[i] === b[j]
          ? best[(i + 1) * width + j + 1]! + 1
          : Math.max(best[(i + 1) * width + j]!, best[i * width + j + 1]!);
      }
    }
    for (let i = 0, j = 0; i < a.length && j < b.length;) {
      if (a[i] === b[j]) pairs.push([start + i++, start + j++]);
      else if (best[(i + 1) * width + j]! >= best[i * width + j + 1]!) i++;
      else j++;
    }
  }
  for (let nth = ends; nth > 0; nth--) pairs.push([left.length - nth, right.length - nth]);
  return pairs;
}
