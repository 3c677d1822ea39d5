import type {
  Expression,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  FunctionNode,
  Node,
  Pattern,
  Program,
  Statement,
  SwitchStatement,
} from "../parser/ast.ts";
import { type FunctionInfo, Scope } from "./scope.ts";

/** The scopes of a program, by the node that opens them. */
export interface Analysis {
  readonly scopes: Map<Node, Scope>;
  readonly functions: Map<Node, FunctionInfo>;
}

/** Find every scope and variable, and how each variable is used. */
export function analyse(program: Program): Analysis {
  const analyser = new Analyser();
  analyser.program(program);
  return analyser;
}

class Analyser implements Analysis {
  readonly scopes = new Map<Node, Scope>();
  readonly functions = new Map<Node, FunctionInfo>();
  #scope!: Scope;

  program(node: Program): void {
    const info: FunctionInfo = { node, parent: undefined, outer: undefined };
    this.functions.set(node, info);
    this.#scope = new Scope(undefined, info, node, false);
    this.scopes.set(node, this.#scope);
    this.#declareAll(node.body);
    for (const statement of node.body) this.#walk(statement);
  }

  #enter(node: Node, work: () => void, options: { fn?: FunctionInfo; skippable?: boolean } = {}): void {
    const outer = this.#scope;
    this.#scope = new Scope(outer, options.fn ?? outer.fn, node, options.skippable ?? false);
    this.scopes.set(node, this.#scope);
    work();
    this.#scope = outer;
  }

  #declareAll(statements: readonly Statement[]): void {
    for (let statement of statements) {
      while (statement.type === "LabeledStatement") statement = statement.body;
      if (statement.type === "FunctionDeclaration") {
        this.#scope.declare(statement.id.name, "function", this.#scope.start);
      } else if (statement.type === "VariableDeclaration") {
        for (const one of statement.declarations) this.#declare(one.id, statement.kind, one.end);
      }
    }
  }

  #declare(pattern: Pattern, kind: "let" | "const" | "param" | "catch", ready: number): void {
    for (const name of namesOf(pattern)) this.#scope.declare(name, kind, ready);
  }

  #function(node: FunctionNode): void {
    const info: FunctionInfo = { node, parent: this.#scope.fn, outer: this.#scope };
    this.functions.set(node, info);
    const inside = (): void => {
      for (const param of node.params) this.#declare(param, "param", param.end);
      for (const param of node.params) this.#pattern(param, false);
      if (node.body.type === "BlockStatement") this.#block(node.body, node.body.body);
      else this.#walk(node.body);
    };
    const own = node.type === "FunctionExpression" ? node.id : null;
    const withName = (): void => {
      if (own) this.#scope.declare(own.name, "self", node.start);
      // The parameters' scope hangs on the list's own key, so that the name's scope can hang on the node.
      const key = own ? own as Node : node as Node;
      if (own) this.#enter(key, inside);
      else inside();
    };
    this.#enter(node, withName, { fn: info });
  }

  #block(node: Node, statements: readonly Statement[]): void {
    this.#enter(node, () => {
      this.#declareAll(statements);
      for (const statement of statements) this.#walk(statement);
    });
  }

  #walk(node: Node): void {
    switch (node.type) {
      case "Identifier":
        this.#scope.use(node.name, node.start);
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#function(node);
      case "BlockStatement":
        return this.#block(node, node.body);
      case "VariableDeclaration":
        for (const one of node.declarations) {
          this.#pattern(one.id, false);
          if (one.init) this.#walk(one.init);
        }
        return;
      case "ForStatement":
        return this.#for(node);
      case "ForOfStatement":
      case "ForInStatement":
        return this.#forEach(node);
      case "SwitchStatement":
        return this.#switch(node);
      case "CatchClause":
        return this.#enter(node, () => {
          if (node.param) {
            this.#declare(node.param, "catch", node.param.end);
            this.#pattern(node.param, false);
          }
          this.#block(node.body, node.body.body);
        });
      case "AssignmentExpression":
        this.#pattern(node.left, true);
        this.#walk(node.right);
        return;
      case "UpdateExpression":
        this.#pattern(node.argument, true);
        return;
      case "BinaryExpression":
      case "LogicalExpression":
        return this.#spine(node);
      default:
        return this.#children(node);
    }
  }

  /** The left spine may be as long as the source. */
  #spine(node: Expression): void {
    let left = node;
    while (left.type === "BinaryExpression" || left.type === "LogicalExpression") {
      this.#walk(left.right);
      left = left.left;
    }
    this.#walk(left);
  }

  #for(node: ForStatement): void {
    this.#enter(node, () => {
      if (node.init?.type === "VariableDeclaration") this.#declareAll([node.init]);
      if (node.init) this.#walk(node.init);
      if (node.test) this.#walk(node.test);
      if (node.update) this.#walk(node.update);
      this.#walk(node.body);
    });
  }

  #forEach(node: ForOfStatement | ForInStatement): void {
    this.#enter(node, () => {
      const { left } = node;
      if (left.type === "VariableDeclaration") {
        const pattern = left.declarations[0]!.id;
        this.#declare(pattern, left.kind, node.right.end);
        this.#pattern(pattern, false);
      } else this.#pattern(left, true);
      this.#walk(node.right);
      this.#walk(node.body);
    });
  }

  #switch(node: SwitchStatement): void {
    this.#walk(node.discriminant);
    this.#enter(node, () => {
      for (const one of node.cases) this.#declareAll(one.consequent);
      for (const one of node.cases) {
        if (one.test) this.#walk(one.test);
        for (const statement of one.consequent) this.#walk(statement);
      }
    }, { skippable: true });
  }

  /** A pattern: what it reads is walked; what it writes is noted if it is an assignment. */
  #pattern(node: Pattern, assigns: boolean): void {
    switch (node.type) {
      case "Identifier": {
        if (!assigns) return;
        const variable = this.#scope.use(node.name, node.start);
        if (variable) variable.assigned = true;
        return;
      }
      case "ObjectPattern":
        for (const property of node.properties) {
          if (property.type === "RestElement") this.#pattern(property.argument, assigns);
          else {
            if (property.computed) this.#walk(property.key);
            this.#pattern(property.value, assigns);
          }
        }
        return;
      case "ArrayPattern":
        for (const element of node.elements) if (element) this.#pattern(element, assigns);
        return;
      case "AssignmentPattern":
        this.#pattern(node.left, assigns);
        this.#walk(node.right);
        return;
      case "RestElement":
        return this.#pattern(node.argument, assigns);
      default:
        return this.#walk(node);
    }
  }

  #children(node: Node): void {
    if (node.type === "MemberExpression") {
      this.#walk(node.object);
      if (node.computed) this.#walk(node.property);
    } else if (node.type === "Property") {
      if (node.computed) this.#walk(node.key);
      this.#walk(node.value as Node);
    } else if (node.type === "LabeledStatement") this.#walk(node.body);
    else if (node.type !== "BreakStatement" && node.type !== "ContinueStatement") {
      for (const value of Object.values(node)) {
        if (Array.isArray(value)) { for (const item of value) if (isNode(item)) this.#walk(item); }
        else if (isNode(value)) this.#walk(value);
      }
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

/** The names that a pattern binds, in order. */
function namesOf(pattern: Pattern | null): string[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((one) => namesOf(one.type === "RestElement" ? one : one.value));
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => namesOf(element));
    case "AssignmentPattern":
      return namesOf(pattern.left);
    case "RestElement":
      return namesOf(pattern.argument);
    default:
      return [];
  }
}
