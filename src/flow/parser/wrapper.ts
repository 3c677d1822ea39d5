import type { FunctionDeclaration, Program, Statement } from "./ast.ts";

/** Take off `async function main() { … }` where it is all there is: an editor then sees plain JavaScript. */
export function unwrapMain(program: Program): void {
  const statements = program.body.filter((statement) => statement.type !== "EmptyStatement");
  const [only, another] = statements;
  if (only && !another && isMain(only)) program.body = only.body.body;
}

function isMain(statement: Statement): statement is FunctionDeclaration {
  return statement.type === "FunctionDeclaration" && statement.id.name === "main" && statement.async &&
    !statement.generator && statement.params.length === 0;
}
