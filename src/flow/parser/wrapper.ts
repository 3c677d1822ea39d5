import type {
  Expression,
  FunctionDeclaration,
  Pattern,
  Program,
  Statement,
  VariableDeclaration,
} from "./ast.ts";

/**
 * Take off `async function main() { … }` where it is all there is, whether it is called at the end or not: an editor then sees plain
 * JavaScript. A parameter gets the inputs.
 */
export function unwrapMain(program: Program): void {
  const statements = program.body.filter((statement) => statement.type !== "EmptyStatement");
  const [main, call, another] = statements;
  if (!main || another || !isMain(main) || call && !isCallOfMain(call)) return;
  const { params: [param], body } = main;
  const own = param?.type === "AssignmentPattern" ? param.left : param;
  const needsNone = own === undefined || own.type === "Identifier" && own.name === "Inputs";
  program.body = needsNone ? body.body : [inputsInto(own), ...body.body];
}

function isMain(statement: Statement): statement is FunctionDeclaration {
  return statement.type === "FunctionDeclaration" && statement.id.name === "main" && statement.async &&
    !statement.generator && statement.params.length <= 1 && statement.params[0]?.type !== "RestElement";
}

/** `main()`, `await main(Inputs)`, `return main()` … */
function isCallOfMain(statement: Statement): boolean {
  const given = statement.type === "ReturnStatement"
    ? statement.argument
    : statement.type === "ExpressionStatement"
    ? statement.expression
    : null;
  const call = given?.type === "AwaitExpression" ? given.argument : given;
  return call?.type === "CallExpression" && isName(call.callee, "main") && call.arguments.length <= 1 &&
    call.arguments.every((argument) => argument.type !== "SpreadElement" && isName(argument, "Inputs"));
}

function isName(node: Expression, name: string): boolean {
  return node.type === "Identifier" && node.name === name;
}

/** `let parameter = Inputs` */
function inputsInto(id: Pattern): VariableDeclaration {
  const { start, end } = id;
  const init: Expression = { type: "Identifier", start: end, end, name: "Inputs" };
  return {
    ...{ type: "VariableDeclaration", start, end, kind: "let" },
    declarations: [{ type: "VariableDeclarator", start, end, id, init }],
  };
}
