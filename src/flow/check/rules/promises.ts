import type { Node } from "../../parser/ast.ts";
import { certainFunction, certainValue, globalName, memberName, type Rule } from "../rule.ts";
import type { Scope, Visit } from "../scope.ts";

const GIVE_PROMISES: ReadonlySet<string> = new Set(
  ("Task.run Workflow.run Timer.delay Timer.until Signal.next Signal.when Promise.all Promise.allSettled Promise.any " +
    "Promise.race Promise.resolve Promise.reject Promise.allKeyed Promise.allSettledKeyed Promise.any_kv Promise.race_kv")
    .split(" "),
);
const OWN_MEMBERS: ReadonlySet<string> = new Set([
  "then",
  "catch",
  "finally",
  "toString",
  "valueOf",
  "hasOwnProperty",
]);

/** Warn where a promise is used as if it were its result. */
export const promises: Rule = (flow, report) => {
  const warn = ({ scope }: Visit, used: Node | null): void => {
    if (!used || !isPromise(used, scope)) return;
    report("F0302", used, "this is a promise, not its result", "put `await` before it");
  };
  for (const visit of flow.all("MemberExpression")) {
    const name = memberName(visit.node);
    if (name === undefined || !OWN_MEMBERS.has(name)) warn(visit, visit.node.object);
  }
  for (const visit of flow.all("BinaryExpression")) {
    if (visit.node.operator === "instanceof" || visit.node.operator === "in") continue;
    warn(visit, visit.node.left);
    warn(visit, visit.node.right);
  }
  for (
    const type of ["IfStatement", "WhileStatement", "DoWhileStatement", "ConditionalExpression"] as const
  ) {
    for (const visit of flow.all(type)) warn(visit, visit.node.test);
  }
  for (const visit of flow.all("UnaryExpression")) {
    if (["!", "-", "+", "~"].includes(visit.node.operator)) warn(visit, visit.node.argument);
  }
  for (const visit of flow.all("TemplateLiteral")) {
    for (const part of visit.node.expressions) warn(visit, part);
  }
  for (const visit of flow.all("ForOfStatement")) warn(visit, visit.node.right);
  for (const visit of flow.all("SpreadElement")) warn(visit, visit.node.argument);
  for (const visit of flow.all("SwitchStatement")) warn(visit, visit.node.discriminant);
  for (const visit of flow.all("VariableDeclarator")) {
    if (visit.node.id.type !== "Identifier") warn(visit, visit.node.init);
  }
};

function isPromise(node: Node, scope: Scope): boolean {
  const value = certainValue(node, scope);
  if (value.type === "NewExpression") return globalName(value.callee, scope) === "Promise";
  if (value.type !== "CallExpression") return false;
  const { callee } = value;
  if (callee.type === "MemberExpression") {
    const owner = globalName(callee.object, scope);
    return owner !== undefined && GIVE_PROMISES.has(`${owner}.${memberName(callee)}`);
  }
  return certainFunction(callee, scope)?.async === true;
}
