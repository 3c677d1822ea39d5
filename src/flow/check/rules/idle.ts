import type { Statement } from "../../parser/ast.ts";
import type { Rule } from "../rule.ts";

const FUNCTIONS: ReadonlySet<string> = new Set(["FunctionExpression", "ArrowFunctionExpression"]);

/** Warn of a flow that declares functions and calls none: it ends at once. */
export const idle: Rule = (flow, report) => {
  const statements = flow.program.body.filter(({ type }) => type !== "EmptyStatement");
  const [first] = statements;
  if (first === undefined || !statements.every(isFunction)) return;
  const name = first.type === "FunctionDeclaration" ? first.id.name : "main";
  report(
    "F0309",
    first.type === "FunctionDeclaration" ? first.id : first,
    "this flow declares functions and calls none: it ends at once",
    `call it at the end: \`return await ${name}()\``,
  );
};

function isFunction(statement: Statement): boolean {
  if (statement.type === "FunctionDeclaration") return true;
  return statement.type === "VariableDeclaration" &&
    statement.declarations.every(({ init }) => init !== null && FUNCTIONS.has(init.type));
}
