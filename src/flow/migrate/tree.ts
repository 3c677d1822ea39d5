import type { FunctionNode, Node, Program as Tree, Statement } from "../parser/ast.ts";
import { eachChild } from "../parser/children.ts";
import { parseFlow } from "../parser/parse_flow.ts";
import type { FunctionCode, Program } from "../compile/program.ts";
import { Op, OPERANDS } from "../compile/opcodes.ts";
import { loadProgram, offsetAt } from "../vm/loaded.ts";

/** A function of a program, with its place in the syntax tree. */
export interface TreeFunction {
  /** Its number in the program. */
  readonly index: number;
  readonly node: FunctionNode | Tree;
  readonly code: FunctionCode;
  /** The name under which other statements know it: of a declaration, or of a `const`. */
  readonly name: string | undefined;
}

/** A program with its syntax tree. */
export interface FlowTree {
  readonly program: Program;
  readonly ast: Tree;
  /** By their numbers. */
  readonly functions: readonly TreeFunction[];
  readonly byNode: ReadonlyMap<Node, TreeFunction>;
}

/** Reads the syntax tree of a program; nothing: this library cannot read its text, or would compile it otherwise. */
export function treeOf(program: Program): FlowTree | undefined {
  loadProgram(program);
  const { ast } = parseFlow({ name: program.name, source: program.source });
  if (ast === undefined) return undefined;
  const bySpan = new Map(
    program.functions.map(({ span: [start, end] }, index) => [`${start}:${end}`, index]),
  );
  const functions: TreeFunction[] = [];
  const byNode = new Map<Node, TreeFunction>();
  const note = (node: FunctionNode | Tree, index: number | undefined, name: string | undefined): void => {
    if (index === undefined) return;
    const found = { index, node, code: program.functions[index]!, name };
    functions[index] = found;
    byNode.set(node, found);
  };
  note(ast, 0, undefined);
  const walk = (node: Node, parent: Node): void => {
    if (isFunction(node)) {
      const index = bySpan.get(`${node.start}:${node.end}`) ?? bySpan.get(`${parent.start}:${node.end}`);
      note(node, index, nameOf(node, parent));
    }
    eachPart(node, (child) => walk(child, node));
  };
  eachPart(ast, (child) => walk(child, ast));
  const isWhole = program.functions.every((_, index) => functions[index] !== undefined);
  return isWhole ? { program, ast, functions, byNode } : undefined;
}

/** The children of a node; of a long chain of operators all at once, because it may be as long as the source. */
export function eachPart(node: Node, visit: (child: Node) => void): void {
  if (node.type !== "BinaryExpression" && node.type !== "LogicalExpression") return eachChild(node, visit);
  const parts: Node[] = [];
  let left: Node = node;
  while (left.type === "BinaryExpression" || left.type === "LogicalExpression") {
    parts.push(left.right);
    left = left.left;
  }
  visit(left);
  for (const part of parts.reverse()) visit(part);
}

/** Whether a node is a function. */
export function isFunction(node: Node): node is FunctionNode {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

function nameOf(node: FunctionNode, parent: Node): string | undefined {
  if (node.type === "FunctionDeclaration") return node.id.name;
  const isConst = parent.type === "VariableDeclarator" && parent.id.type === "Identifier" &&
    parent.init === node;
  return isConst ? (parent.id as { name: string }).name : undefined;
}

/** The statements of a function. */
export function bodyOf(node: FunctionNode | Tree): readonly Statement[] | Node {
  if (node.type === "Program") return node.body;
  return node.body.type === "BlockStatement" ? node.body.body : node.body;
}

/** Where a function waits: the instructions, by the offset of their `await` in the source. */
export function awaitsOf({ code }: TreeFunction): ReadonlyMap<number, readonly number[]> {
  const awaits = new Map<number, number[]>();
  const list = code.code;
  for (let pc = 0; pc < list.length; pc += OPERANDS[list[pc]!]! + 1) {
    if (list[pc] !== Op.AWAIT) continue;
    const offset = offsetAt(code, pc);
    const known = awaits.get(offset);
    if (known === undefined) awaits.set(offset, [pc]);
    else known.push(pc);
  }
  return awaits;
}

/** Writes trees as text that is the same for the same meaning: without places, comments and layout. */
export class KeyWriter {
  readonly #names: ReadonlyMap<string, string>;
  readonly #functions: "whole" | "marked";

  /**
   * @param names what to write in place of names
   * @param functions whether functions inside are written, or only marked
   */
  constructor(names: ReadonlyMap<string, string>, functions: "whole" | "marked") {
    this.#names = names;
    this.#functions = functions;
  }

  /** The text of a list of statements. Declared functions are known from the start, so their place in it does not matter. */
  list(statements: readonly Node[]): string {
    const parts = statementsIn(statements).map((one) => this.key(one));
    if (this.#functions === "marked") return parts.join(";");
    const declared = statements.filter(({ type }) => type === "FunctionDeclaration");
    return [...declared.map((one) => this.key(one)).sort(), ...parts].join(";");
  }

  /** The text of parameters and body of a function. */
  ofFunction(node: FunctionNode): string {
    const body = bodyOf(node);
    const text = Array.isArray(body) ? `{${this.list(body)}}` : this.key(body as Node);
    return `${node.async ? "async" : ""}(${node.params.map((one) => this.key(one)).join()})${text}`;
  }

  /** The text of a node. */
  key(node: Node): string {
    if (node.type === "Identifier") return this.#names.get(node.name) ?? node.name;
    if (isFunction(node)) {
      if (this.#functions === "marked") return `function(${node.params.length})`;
      const own = node.type !== "ArrowFunctionExpression" && node.id ? this.key(node.id) : "";
      return `${node.type} ${own}${this.ofFunction(node)}`;
    }
    if (node.type === "BlockStatement" || node.type === "Program") return `{${this.list(node.body)}}`;
    if (node.type === "SwitchCase") {
      return `case ${node.test ? this.key(node.test) : ""}:${this.list(node.consequent)}`;
    }
    const fields = node as unknown as Record<string, unknown>;
    const parts: string[] = [node.type];
    for (const field of Object.keys(fields).sort()) {
      if (SKIPPED.has(field)) continue;
      const value = fields[field];
      if (Array.isArray(value)) {
        parts.push(`${field}=${value.map((one) => one === null ? "-" : "+").join("")}`);
      } else if (!isNode(value)) parts.push(`${field}=${JSON.stringify(value)}`);
    }
    for (
      let left: Node = node;
      left.type === "BinaryExpression" || left.type === "LogicalExpression";
      left = left.left
    ) {
      parts.push(left.operator);
    }
    const isKey = (child: Node): boolean =>
      child.type === "Identifier" &&
      (node.type === "Property" && !node.computed && child === node.key && child !== node.value as Node ||
        node.type === "MemberExpression" && !node.computed && child === node.property);
    if (node.type === "Property" && node.shorthand) {
      parts.push((node.key as { name: string }).name, this.key(node.value as Node));
    } else {eachPart(node, (child) =>
        parts.push(isKey(child) ? (child as { name: string }).name : this.key(child)));}
    return `(${parts.join(" ")})`;
  }
}

const SKIPPED: ReadonlySet<string> = new Set(["type", "start", "end", "raw", "shorthand"]);

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

/** The statements of a list that are done one after another. */
export function statementsIn(statements: readonly Node[]): Node[] {
  return statements.filter(({ type }) => type !== "FunctionDeclaration" && type !== "EmptyStatement");
}
