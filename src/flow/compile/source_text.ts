import type { Expression } from "../parser/ast.ts";

/** An expression as V8's messages show it: names and members in full, calls as `f(...)`. */
export function sourceText(node: Expression): string {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "Literal":
      return typeof node.value === "string" ? JSON.stringify(node.value) : node.raw;
    case "ChainExpression":
      return sourceText(node.expression);
    case "MemberExpression": {
      const object = sourceText(node.object);
      const dot = node.optional ? "?." : "";
      if (!node.computed) return `${object}${dot || "."}${(node.property as { name: string }).name}`;
      const key = node.property;
      if (key.type === "Literal" && typeof key.value === "string") {
        return `${object}${dot || "."}${key.value}`;
      }
      if (key.type === "Literal" || key.type === "Identifier") return `${object}${dot}[${sourceText(key)}]`;
      return `${object}${dot}[${sourceText(key)}]`;
    }
    case "CallExpression":
      return `${sourceText(node.callee)}(...)`;
    case "NewExpression":
      return `(intermediate value)`;
    case "AwaitExpression":
      return `(intermediate value)`;
    default:
      return "(intermediate value)";
  }
}
