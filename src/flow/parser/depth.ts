import { MAX_NESTING, type Node, type Program } from "./ast.ts";
import { eachChild } from "./children.ts";
import { SyntaxProblem } from "./cursor.ts";

/** How deep the tree may be, whatever combination of brackets, chains and functions makes it so. */
const MAX_TREE_DEPTH = MAX_NESTING * 6;

/** Refuse a tree that a recursive walk could not survive. Left spines and `else if` chains do not count. */
export function limitDepth(program: Program): void {
  const stack: { node: Node; depth: number }[] = [{ node: program, depth: 0 }];
  for (;;) {
    const top = stack.pop();
    if (top === undefined) return;
    const { node, depth } = top;
    if (depth > MAX_TREE_DEPTH) {
      const { start, end } = node;
      const message = "this is nested too deeply";
      throw new SyntaxProblem({
        code: "F0902",
        start,
        end,
        message,
        hint: "name the inner parts and move them out",
      });
    }
    eachChild(node, (child) => {
      const flat = isSpine(node, child) || (node.type === "IfStatement" && child === node.alternate);
      stack.push({ node: child, depth: flat ? depth : depth + 1 });
    });
  }
}

function isSpine(node: Node, child: Node): boolean {
  return (node.type === "BinaryExpression" || node.type === "LogicalExpression") && child === node.left;
}
