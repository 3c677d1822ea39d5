import type { Statement } from "../../parser/ast.ts";
import type { Report, Rule } from "../rule.ts";

/** Warn about statements that nothing can reach. */
export const unreachable: Rule = (flow, report) => {
  checkList(flow.program.body, report);
  for (const { node } of flow.all("BlockStatement")) checkList(node.body, report);
  for (const { node } of flow.all("SwitchCase")) checkList(node.consequent, report);
};

function checkList(body: readonly Statement[], report: Report): void {
  const stop = body.findIndex((statement) => leaves(statement));
  if (stop < 0) return;
  const dead = body.slice(stop + 1).filter(({ type }) =>
    type !== "FunctionDeclaration" && type !== "EmptyStatement"
  );
  const [first] = dead;
  if (first) {
    report(
      "F0304",
      { start: first.start, end: dead.at(-1)!.end },
      "this code can never be reached",
      "remove it",
    );
  }
}

// Whether what follows a statement in its list is never run.
function leaves(statement: Statement): boolean {
  switch (statement.type) {
    case "ReturnStatement":
    case "ThrowStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return true;
    case "BlockStatement":
      return statement.body.some((inner) => leaves(inner));
    case "IfStatement":
      return ifLeaves(statement);
    case "TryStatement":
      if (statement.finalizer && leaves(statement.finalizer)) return true;
      return leaves(statement.block) && (!statement.handler || leaves(statement.handler.body));
    default:
      return false;
  }
}

function ifLeaves(statement: Statement): boolean {
  let at: Statement | null = statement;
  while (at?.type === "IfStatement") {
    if (!leaves(at.consequent)) return false;
    at = at.alternate;
  }
  return at !== null && leaves(at);
}
