import assert from "node:assert/strict";
import fc from "fast-check";
import { blind, measure } from "./coverage.ts";
import { programs } from "./programs.ts";

/** The checks refuse every program that could contain it. */
const UNREACHABLE = ["CONST"];

/** Too new for V8, worded by the host's own data, an end that V8 has not, or one line for all (tests of the built-ins compare those). */
const UNCOMPARABLE =
  /^Math\.(sumPrecise|f16round)$|getOrInsert|Date\.prototype\.toLocale|[a-z]\.prototype\.toLocaleString$|unicodeSets|^Object$|^Namespace\.prototype\.valueOf$|^Workflow\.continueAs$/;

/** Every kind of node that the parser gives, with the flags and operators that make it another thing. */
const SYNTAX = `
  ArrayExpression ArrayPattern ArrowFunctionExpression ArrowFunctionExpression.async=true AssignmentPattern
  AwaitExpression BlockStatement BreakStatement CallExpression CallExpression.optional=true CatchClause ChainExpression
  ConditionalExpression ContinueStatement DoWhileStatement EmptyStatement ExpressionStatement ForInStatement ForOfStatement
  ForStatement FunctionDeclaration FunctionDeclaration.async=true FunctionExpression FunctionExpression.async=true
  Identifier IfStatement LabeledStatement Literal MemberExpression MemberExpression.computed=true
  MemberExpression.optional=true NewExpression ObjectExpression ObjectPattern Property Property.computed=true
  Property.method=true Property.shorthand=true RestElement ReturnStatement SequenceExpression SpreadElement SwitchCase
  SwitchStatement TemplateLiteral ThrowStatement TryStatement UpdateExpression.operator=++ UpdateExpression.operator=--
  UpdateExpression.prefix=true VariableDeclaration.kind=const VariableDeclaration.kind=let WhileStatement
`.trim().split(/\s+/);
const OPERATORS: Record<string, string> = {
  AssignmentExpression: "= += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??=",
  BinaryExpression: "== != === !== < <= > >= << >> >>> + - * / % ** | ^ & in instanceof",
  LogicalExpression: "&& || ??",
  UnaryExpression: "- + ! ~ typeof void delete",
};

Deno.test("generateProgram() reaches all of the language and of its library", () => {
  const { syntax, instructions, members } = measure(fc.sample(programs, { numRuns: 500, seed: 7 }));
  const wanted = Object.entries(OPERATORS).flatMap(([kind, list]) =>
    list.split(" ").map((operator) => `${kind}.operator=${operator}`)
  );
  assert.deepEqual([...SYNTAX, ...wanted].filter((name) => !syntax.has(name)), []);
  assert.deepEqual(blind(instructions), UNREACHABLE);
  assert.deepEqual(blind(members).filter((name) => !UNCOMPARABLE.test(name)), []);
});
