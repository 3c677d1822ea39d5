import type { Node } from "./ast.ts";

/** Which fields of a node hold nodes, in the order of the source. */
const FIELDS: Record<Node["type"], readonly string[]> = {
  Program: ["body"],
  VariableDeclaration: ["declarations"],
  VariableDeclarator: ["id", "init"],
  FunctionDeclaration: ["id", "params", "body"],
  ExpressionStatement: ["expression"],
  BlockStatement: ["body"],
  EmptyStatement: [],
  IfStatement: ["test", "consequent", "alternate"],
  WhileStatement: ["test", "body"],
  DoWhileStatement: ["body", "test"],
  ForStatement: ["init", "test", "update", "body"],
  ForOfStatement: ["left", "right", "body"],
  ForInStatement: ["left", "right", "body"],
  SwitchStatement: ["discriminant", "cases"],
  SwitchCase: ["test", "consequent"],
  BreakStatement: ["label"],
  ContinueStatement: ["label"],
  ReturnStatement: ["argument"],
  ThrowStatement: ["argument"],
  TryStatement: ["block", "handler", "finalizer"],
  CatchClause: ["param", "body"],
  LabeledStatement: ["label", "body"],
  Identifier: [],
  Literal: [],
  TemplateLiteral: ["quasis", "expressions"],
  TemplateElement: [],
  ArrayExpression: ["elements"],
  ObjectExpression: ["properties"],
  Property: ["key", "value"],
  SpreadElement: ["argument"],
  FunctionExpression: ["id", "params", "body"],
  ArrowFunctionExpression: ["params", "body"],
  UnaryExpression: ["argument"],
  UpdateExpression: ["argument"],
  BinaryExpression: ["left", "right"],
  LogicalExpression: ["left", "right"],
  AssignmentExpression: ["left", "right"],
  ConditionalExpression: ["test", "consequent", "alternate"],
  SequenceExpression: ["expressions"],
  CallExpression: ["callee", "arguments"],
  NewExpression: ["callee", "arguments"],
  MemberExpression: ["object", "property"],
  ChainExpression: ["expression"],
  AwaitExpression: ["argument"],
  ObjectPattern: ["properties"],
  ArrayPattern: ["elements"],
  AssignmentPattern: ["left", "right"],
  RestElement: ["argument"],
};

/** Call with each child of a node, in the order of the source; absent ones are passed over. */
export function eachChild(node: Node, visit: (child: Node) => void): void {
  const parts = node as unknown as Record<string, Node | (Node | null)[] | null>;
  for (const field of FIELDS[node.type]) {
    const part = parts[field];
    if (Array.isArray(part)) {
      for (const child of part) if (child) visit(child);
    } else if (part) {
      visit(part);
    }
  }
}
