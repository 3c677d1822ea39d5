import type { Code } from "../diagnostics/codes.ts";
import type { FunctionNode, Node } from "../parser/ast.ts";
import type { Analysis, Scope } from "./scope.ts";
import { resolve } from "./scope.ts";

/** Notes a problem at a node. */
export type Report = (code: Code, at: { start: number; end: number }, message: string, hint?: string) => void;

/** One thing that is checked. */
export type Rule = (flow: Analysis, report: Report) => void;

/** The name of a built-in that an expression is, unless a declaration of the flow stands before it. */
export function globalName(node: Node, scope: Scope): string | undefined {
  if (node.type !== "Identifier" || resolve(scope, node.name)) return undefined;
  return node.name;
}

/** The name of the member that is read, where the text says it: `a.b` or `a["b"]`. */
export function memberName(node: Node): string | undefined {
  if (node.type !== "MemberExpression") return undefined;
  if (!node.computed) return node.property.type === "Identifier" ? node.property.name : undefined;
  const { property } = node;
  return property.type === "Literal" && typeof property.value === "string" ? property.value : undefined;
}

/** What an expression certainly is: followed through a name that is declared once and never changed. */
export function certainValue(node: Node, scope: Scope): Node {
  if (node.type !== "Identifier") return node;
  const binding = resolve(scope, node.name);
  const fixed = binding?.value && (binding.kind === "const" || binding.writes === 0);
  return fixed ? binding.value! : node;
}

/** Whether a node is a function. */
export function isFunction(node: Node): node is FunctionNode {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

/** The function that an expression certainly is. */
export function certainFunction(node: Node, scope: Scope): FunctionNode | undefined {
  const value = certainValue(node, scope);
  return isFunction(value) ? value : undefined;
}
