import type { Node } from "../../parser/ast.ts";
import { certainValue, globalName, memberName, type Rule } from "../rule.ts";

const NAMED: ReadonlySet<string> = new Set(["Task.run", "Workflow.run", "Signal.next", "Signal.when"]);
const NEVER_TEXT: ReadonlySet<Node["type"]> = new Set<Node["type"]>([
  "ArrayExpression",
  "ObjectExpression",
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "UpdateExpression",
  "NewExpression",
]);

/** Refuse a task, workflow or signal name that is certain not to be a string. */
export const targets: Rule = (flow, report) => {
  for (const { node, scope } of flow.all("CallExpression")) {
    if (node.callee.type !== "MemberExpression") continue;
    const owner = globalName(node.callee.object, scope);
    const called = `${owner}.${memberName(node.callee)}`;
    if (!NAMED.has(called)) continue;
    const [first] = node.arguments;
    if (first?.type === "SpreadElement") continue;
    const value = first && certainValue(first, scope);
    if (value && !isNeverText(value)) continue;
    report(
      "F0303",
      first ?? node,
      `\`${called}\` needs a name, which is a string`,
      `write \`${called}("name")\``,
    );
  }
};

function isNeverText(node: Node): boolean {
  if (node.type === "Literal") return typeof node.value !== "string";
  return NEVER_TEXT.has(node.type) || node.type === "Identifier" && node.name === "undefined";
}
