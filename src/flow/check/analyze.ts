import type {
  Expression,
  FunctionNode,
  Identifier,
  Node,
  Pattern,
  Program,
  Statement,
} from "../parser/ast.ts";
import { eachChild } from "../parser/children.ts";
import { boundNames } from "../parser/patterns.ts";
import {
  type Analysis,
  type Binding,
  type Redeclaration,
  type Reference,
  resolve,
  type Scope,
  type Visit,
} from "./scope.ts";

/** Resolve the names of a program and index its nodes. */
export function analyze(program: Program): Analysis {
  const analyst = new Analyst();
  analyst.walk(program);
  const byNode = new Map<Node, Reference>(analyst.references.map((reference) => [reference.node, reference]));
  for (const reference of analyst.references) {
    reference.binding = resolve(reference.scope, reference.node.name);
    if (reference.binding && reference.use === "write") reference.binding.writes++;
  }
  return {
    program,
    references: analyst.references,
    redeclarations: analyst.redeclarations,
    bindings: analyst.bindings,
    all: (type) => (analyst.visits.get(type) ?? []) as never,
    referenceOf: (node) => byNode.get(node),
  };
}

class Analyst {
  readonly references: Reference[] = [];
  readonly redeclarations: Redeclaration[] = [];
  readonly bindings: Binding[] = [];
  readonly visits = new Map<Node["type"], Visit[]>();
  #scope!: Scope;

  walk(program: Program): void {
    this.#inside(program, null, () => {
      this.#hoist(program.body);
      for (const statement of program.body) this.#visit(statement, program);
    });
  }

  #visit(start: Node, above: Node): void {
    let [node, parent] = [start, above];
    // Left spines and `else if` chains may be long: they are walked, not descended.
    for (;;) {
      this.#index(node, parent);
      if (node.type === "BinaryExpression" || node.type === "LogicalExpression") {
        this.#visit(node.right, node);
        [node, parent] = [node.left, node];
      } else if (node.type === "IfStatement" && node.alternate?.type === "IfStatement") {
        this.#visit(node.test, node);
        this.#visit(node.consequent, node);
        [node, parent] = [node.alternate, node];
      } else {
        this.#descend(node, parent);
        return;
      }
    }
  }

  #index(node: Node, parent: Node): void {
    const list = this.visits.get(node.type);
    const visit = { node, parent, scope: this.#scope };
    if (list) list.push(visit);
    else this.visits.set(node.type, [visit]);
  }

  #descend(node: Node, parent: Node): void {
    switch (node.type) {
      case "Identifier":
        return this.#refer(
          node,
          parent.type === "UnaryExpression" && parent.operator === "typeof" ? "typeof" : "read",
        );
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#function(node);
      case "BlockStatement":
        return this.#inside(node, this.#scope.owner, () => this.#list(node.body, node));
      case "SwitchStatement":
        this.#visit(node.discriminant, node);
        return this.#inside(node, this.#scope.owner, () => {
          for (const branch of node.cases) this.#hoist(branch.consequent);
          for (const branch of node.cases) this.#visit(branch, node);
        });
      case "ForStatement":
      case "ForOfStatement":
      case "ForInStatement":
        return this.#inside(node, this.#scope.owner, () => this.#loop(node));
      case "CatchClause":
        return this.#inside(node, this.#scope.owner, () => {
          for (const name of boundNames(node.param)) this.#declare(name, { kind: "catch", readyAt: 0 });
          if (node.param) this.#pattern(node.param, "bind", node);
          this.#clash(node.body.body);
          this.#visit(node.body, node);
        });
      case "VariableDeclarator":
        this.#pattern(node.id, "bind", node);
        if (node.init) this.#visit(node.init, node);
        return;
      case "AssignmentExpression":
        if (node.operator !== "=" && node.left.type === "Identifier") this.#refer(node.left, "read");
        this.#pattern(node.left, "assign", node);
        return this.#visit(node.right, node);
      case "UpdateExpression":
        return this.#pattern(node.argument, "assign", node);
      case "MemberExpression":
        this.#visit(node.object, node);
        if (node.computed) this.#visit(node.property, node);
        return;
      case "Property":
        if (node.computed) this.#visit(node.key, node);
        return this.#visit(node.value, node);
      case "LabeledStatement":
        return this.#visit(node.body, node);
      case "BreakStatement":
      case "ContinueStatement":
        return;
    }
    eachChild(node, (child) => this.#visit(child, node));
  }

  #list(body: readonly Statement[], parent: Node): void {
    this.#hoist(body);
    for (const statement of body) this.#visit(statement, parent);
  }

  #loop(node: Extract<Node, { type: "ForStatement" | "ForOfStatement" | "ForInStatement" }>): void {
    const head = node.type === "ForStatement" ? node.init : node.left;
    if (head?.type === "VariableDeclaration") {
      this.#hoist([head], node.type === "ForStatement" ? undefined : node.right.end);
      this.#visit(head, node);
    } else if (head && node.type !== "ForStatement") {
      this.#pattern(head as Pattern, "assign", node);
    } else if (head) {
      this.#visit(head as Expression, node);
    }
    eachChild(node, (child) => {
      if (child !== head) this.#visit(child, node);
    });
  }

  // A pattern's own names are bound or written; defaults and computed keys are ordinary expressions.
  #pattern(node: Pattern, mode: "bind" | "assign", parent: Node): void {
    switch (node.type) {
      case "Identifier":
        if (mode === "assign") this.#refer(node, "write");
        return;
      case "MemberExpression":
        return this.#visit(node, parent);
      case "RestElement":
        return this.#pattern(node.argument, mode, node);
      case "AssignmentPattern":
        this.#index(node, parent);
        this.#pattern(node.left, mode, node);
        return this.#visit(node.right, node);
      case "ArrayPattern":
        for (const element of node.elements) if (element) this.#pattern(element, mode, node);
        return;
      case "ObjectPattern":
        this.#index(node, parent);
        for (const property of node.properties) {
          if (property.type === "RestElement") {
            this.#pattern(property, mode, node);
          } else {
            if (property.computed) this.#visit(property.key, property);
            this.#pattern(property.value, mode, property);
          }
        }
    }
  }

  #function(node: FunctionNode): void {
    const around = this.#scope;
    const self = node.type === "FunctionExpression" && node.id;
    this.#inside(node, node, () => {
      if (self) {
        this.#declare(self, { kind: "self", readyAt: 0, value: node });
        this.#scope = { node, parent: this.#scope, bindings: new Map(), owner: node };
      }
      const names = node.params.flatMap((param) => boundNames(param));
      for (const name of names) {
        // Twice the same is an early error that the parser has reported.
        if (!this.#scope.bindings.has(name.name)) this.#declare(name, { kind: "param", readyAt: 0 });
      }
      for (const param of node.params) this.#pattern(param, "bind", node);
      if (node.body.type !== "BlockStatement") return this.#visit(node.body, node);
      this.#clash(node.body.body);
      const { body } = node;
      this.#inside(body, node, () => {
        this.#index(body, node);
        this.#list(body.body, body);
      });
    });
    this.#scope = around;
  }

  // A body's own names may not repeat those of its parameters or its caught error.
  #clash(body: readonly Statement[]): void {
    for (const { node } of lexicalNames(body)) {
      const first = this.#scope.bindings.get(node.name);
      if (first) this.redeclarations.push({ node, first });
    }
  }

  #hoist(body: readonly Statement[], readyAt?: number): void {
    for (const name of lexicalNames(body)) {
      this.#declare(name.node, { ...name, readyAt: readyAt ?? name.readyAt });
    }
  }

  #declare(node: Identifier, about: Pick<Binding, "kind" | "readyAt" | "value">): void {
    const first = this.#scope.bindings.get(node.name);
    if (first) {
      this.redeclarations.push({ node, first });
      return;
    }
    const { kind, readyAt, value } = about;
    const binding: Binding = { name: node.name, kind, node, scope: this.#scope, readyAt, value, writes: 0 };
    this.#scope.bindings.set(node.name, binding);
    this.bindings.push(binding);
  }

  #refer(node: Identifier, use: Reference["use"]): void {
    this.references.push({ node, use, scope: this.#scope, binding: null });
  }

  #inside(node: Node, owner: FunctionNode | null, read: () => void): void {
    const outer = this.#scope as Scope | undefined;
    this.#scope = { node, parent: outer ?? null, bindings: new Map(), owner };
    read();
    if (outer) this.#scope = outer;
  }
}

type Lexical = { node: Identifier } & Pick<Binding, "kind" | "readyAt" | "value">;

function lexicalNames(body: readonly Statement[]): Lexical[] {
  return body.flatMap((statement): Lexical[] => {
    if (statement.type === "FunctionDeclaration") {
      return [{ node: statement.id, kind: "function", readyAt: 0, value: statement }];
    }
    if (statement.type === "LabeledStatement") return lexicalNames([statement.body]);
    if (statement.type !== "VariableDeclaration") return [];
    const { kind } = statement;
    return statement.declarations.flatMap(({ id, init, end }) => {
      if (id.type === "Identifier") return [{ node: id, kind, readyAt: end, value: init ?? undefined }];
      // Names of a pattern become ready one after the other: what stands between them is left to run time.
      return boundNames(id).map((node) => ({ node, kind, readyAt: node.start }));
    });
  });
}
