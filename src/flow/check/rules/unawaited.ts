import type { Expression, Node } from "../../parser/ast.ts";
import { eachChild } from "../../parser/children.ts";
import { certainFunction, certainValue, isFunction, memberName, type Rule } from "../rule.ts";
import type { Scope } from "../scope.ts";

const WALKS: ReadonlySet<string> = new Set(["forEach", "map", "filter", "flatMap"]);

/** Warn of async functions that nobody awaits: what they have left to do when the flow ends is dropped. */
export const unawaited: Rule = (flow, report) => {
  for (const { node: { expression }, scope } of flow.all("ExpressionStatement")) {
    if (expression.type !== "CallExpression") continue;
    const root = rootOf(expression);
    if (waits(certainFunction(root.callee, scope))) {
      report(
        "F0310",
        expression,
        "nobody awaits this: what is left of it when the flow ends is dropped",
        "put `await` before it, or keep the promise and await that",
      );
    } else if (walksAsync(expression, scope)) {
      report(
        "F0310",
        expression,
        "nobody awaits what these calls give: what is left of them when the flow ends is dropped",
        "write `await Promise.all(list.map(async …))`",
      );
    }
  }
};

type Call = Expression & { type: "CallExpression" };

/** The call that a chain of `then`, `catch` and `finally` begins with. */
function rootOf(call: Call): Call {
  let at = call;
  while (at.callee.type === "MemberExpression" && at.callee.object.type === "CallExpression") {
    if (!/^(?:then|catch|finally)$/.test(memberName(at.callee) ?? "")) break;
    at = at.callee.object;
  }
  return at;
}

function walksAsync({ callee, arguments: [first] }: Call, scope: Scope): boolean {
  if (callee.type !== "MemberExpression" || !WALKS.has(memberName(callee) ?? "")) return false;
  const callback = first && certainValue(first, scope);
  return callback !== undefined && isFunction(callback) && waits(callback);
}

/** Whether a function is async and comes to an `await`. */
function waits(fn: Node | undefined): boolean {
  if (fn === undefined || !isFunction(fn) || !fn.async) return false;
  let found = false;
  const walk = (node: Node): void => {
    if (node.type === "AwaitExpression") found = true;
    else if (!found && !isFunction(node)) eachChild(node, walk);
  };
  walk(fn.body);
  return found;
}
