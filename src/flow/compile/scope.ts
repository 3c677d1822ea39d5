import type { FunctionNode, Node, Program } from "../parser/ast.ts";

/** How a name came into being. */
export type VariableKind = "let" | "const" | "function" | "param" | "catch" | "self";

/** A declared name, and what the analysis found out about it. */
export class Variable {
  readonly name: string;
  readonly kind: VariableKind;
  readonly scope: Scope;
  /** From this offset on it is initialised, in the text's own order. */
  readonly ready: number;
  /** Used by an inner function. */
  captured = false;
  /** Assigned after its declaration. */
  assigned = false;
  /** Some use may come before its declaration has run. */
  early = false;
  /** Its register in its own function; -1 before it has one. */
  register = -1;

  constructor(name: string, kind: VariableKind, scope: Scope, ready: number) {
    this.name = name;
    this.kind = kind;
    this.scope = scope;
    this.ready = ready;
  }

  /** Whether closures and the frame share a box rather than a value. */
  get boxed(): boolean {
    return this.captured && (this.assigned || this.early);
  }
}

/** A function under analysis. */
export interface FunctionInfo {
  readonly node: FunctionNode | Program;
  readonly parent: FunctionInfo | undefined;
  /** The scope in which the function stands. */
  readonly outer: Scope | undefined;
}

/** One scope of names. */
export class Scope {
  readonly parent: Scope | undefined;
  readonly fn: FunctionInfo;
  readonly start: number;
  /** In a `switch` control may jump over declarations. */
  readonly skippable: boolean;
  readonly variables = new Map<string, Variable>();

  constructor(parent: Scope | undefined, fn: FunctionInfo, node: Node, skippable: boolean) {
    this.parent = parent;
    this.fn = fn;
    this.start = node.start;
    this.skippable = skippable;
  }

  /** Declare a name. */
  declare(name: string, kind: VariableKind, ready: number): Variable {
    const variable = new Variable(name, kind, this, ready);
    if (this.skippable && kind !== "function") variable.early = true;
    this.variables.set(name, variable);
    return variable;
  }

  /** The variable that a name means here; undefined for a global name. */
  find(name: string): Variable | undefined {
    let found = this.variables.get(name);
    for (let scope = this.parent; found === undefined && scope !== undefined; scope = scope.parent) {
      found = scope.variables.get(name);
    }
    return found;
  }

  /** Note a use of `name` at an offset. */
  use(name: string, at: number): Variable | undefined {
    const variable = this.find(name);
    if (variable === undefined) return undefined;
    let position = at;
    for (let fn = this.fn; fn !== variable.scope.fn; fn = fn.parent!) {
      variable.captured = true;
      position = fn.node.type === "FunctionDeclaration" ? fn.outer!.start : fn.node.start;
    }
    if (position < variable.ready) variable.early = true;
    return variable;
  }
}
