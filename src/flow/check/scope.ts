import type { FunctionNode, Identifier, Node, Program } from "../parser/ast.ts";

/** A declared name. */
export interface Binding {
  name: string;
  kind: "let" | "const" | "function" | "param" | "catch" | "self";
  node: Identifier;
  scope: Scope;
  /** Until this offset, code of the same function finds the name not yet initialised. */
  readyAt: number;
  /** What the name holds where that never changes. */
  value?: Node;
  writes: number;
}

/** A stretch of source with names of its own. */
export interface Scope {
  node: Node;
  parent: Scope | null;
  bindings: Map<string, Binding>;
  /** The function it belongs to; null at the top. */
  owner: FunctionNode | null;
}

/** A use of a name. */
export interface Reference {
  node: Identifier;
  use: "read" | "write" | "typeof";
  scope: Scope;
  binding: Binding | null;
}

/** A node where it stands. */
export interface Visit<T extends Node = Node> {
  node: T;
  parent: Node | null;
  scope: Scope;
}

/** A name declared where it was already declared. */
export interface Redeclaration {
  node: Identifier;
  first: Binding;
}

/** What the rules look at: the tree by node type, and its names resolved. */
export interface Analysis {
  program: Program;
  references: Reference[];
  redeclarations: Redeclaration[];
  bindings: Binding[];
  /** Every node of a type, in the order of the source. */
  all<T extends Node["type"]>(type: T): Visit<Extract<Node, { type: T }>>[];
  /** The reference that an identifier is, if it is one. */
  referenceOf(node: Node): Reference | undefined;
}

/** The name a scope and those around it give, or null. */
export function resolve(scope: Scope | null, name: string): Binding | null {
  for (let at = scope; at; at = at.parent) {
    const found = at.bindings.get(name);
    if (found) return found;
  }
  return null;
}
