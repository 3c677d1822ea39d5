import type { Expression, Node } from "../parser/ast.ts";

const cache = new WeakMap<Node, boolean>();

/** Whether evaluating the node may assign to a variable of the function it stands in. */
export function assigns(root: Node): boolean {
  const known = cache.get(root);
  if (known !== undefined) return known;
  let found = false;
  const stack: Node[] = [root];
  while (stack.length > 0 && !found) {
    const node = stack.pop()!;
    if (node.type === "AssignmentExpression" || node.type === "UpdateExpression") found = true;
    else if (node.type !== "ArrowFunctionExpression" && node.type !== "FunctionExpression") {
      for (const value of Object.values(node)) {
        if (Array.isArray(value)) { for (const item of value) if (item?.type) stack.push(item); }
        else if (value !== null && typeof value === "object" && typeof value.type === "string") {
          stack.push(value);
        }
      }
    }
  }
  cache.set(root, found);
  return found;
}

/** Whether evaluating the node can neither throw nor change anything. */
export function inert(node: Node): boolean {
  return (node.type === "Literal" && node.regex === undefined) || node.type === "ArrowFunctionExpression" ||
    node.type === "FunctionExpression";
}

/** Whether a value computed from the node may be written to a variable's register while the node still reads it. */
export function writesLast(node: Expression): boolean {
  switch (node.type) {
    case "BinaryExpression":
    case "UnaryExpression":
    case "CallExpression":
    case "MemberExpression":
    case "NewExpression":
    case "Literal":
    case "Identifier":
      return true;
    default:
      return false;
  }
}

/** Whether the node has a function in it: such code is never emitted twice. */
export function hasFunction(root: Node): boolean {
  const stack: Node[] = [root];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression") return true;
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) { for (const item of value) if (item?.type) stack.push(item); }
      else if (value !== null && typeof value === "object" && typeof value.type === "string") {
        stack.push(value);
      }
    }
  }
  return false;
}
