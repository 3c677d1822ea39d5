import type { Expression, Identifier, Pattern, Statement, VariableDeclaration } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readAssignment, readExpression } from "./expressions.ts";
import { toPattern } from "./patterns.ts";
import { readIdentifier } from "./primary.ts";
import { isUsing, skipUsing } from "./refused.ts";
import { checkInit, readDeclarators, readStatement, readTest } from "./statements.ts";

/** `while (test) body` */
export function readWhile(c: Cursor): Statement {
  const { start } = c.next();
  const test = readTest(c);
  const body = readLoopBody(c);
  return { type: "WhileStatement", start, end: c.previousEnd, test, body };
}

/** `do body while (test)` */
export function readDoWhile(c: Cursor): Statement {
  const { start } = c.next();
  const body = readLoopBody(c);
  c.expectWord("while");
  const test = readTest(c);
  c.eat(";");
  return { type: "DoWhileStatement", start, end: c.previousEnd, body, test };
}

/** The three kinds of `for`. */
export function readFor(c: Cursor): Statement {
  const { start } = c.next();
  if (c.isWord("await")) {
    const { start, end } = c.next();
    c.report("F0106", { start, end }, "`for await` is not part of the flow language", {
      hint: "await inside the loop: `for (const item of items) { await item }`",
    });
  }
  c.expect("(");
  return c.deeper(() => readForHead(c, start));
}

function readForHead(c: Cursor, start: number): Statement {
  if (c.is(";")) return readForRest(c, { start, init: null });
  const first = c.token;
  const using = isUsing(c);
  if (using) skipUsing(c);
  const declares = using || c.isWord("let") || c.isWord("const") || c.isWord("var");
  c.noIn = true;
  let init: VariableDeclaration | Expression;
  try {
    init = declares ? readDeclarators(c) : readExpression(c);
  } finally {
    c.noIn = false;
  }
  if (c.isWord("of") && !(first.text === "async" && !first.escaped && isBareName(c, init))) {
    return readForEach(c, { start, init, kind: "of" });
  }
  if (c.isWord("in")) return readForEach(c, { start, init, kind: "in" });
  if (init.type === "VariableDeclaration") {
    for (const declarator of init.declarations) checkInit(c, init, declarator);
  }
  return readForRest(c, { start, init });
}

function isBareName(c: Cursor, node: VariableDeclaration | Expression): boolean {
  return node.type === "Identifier" && !c.parens.has(node);
}

function readForRest(
  c: Cursor,
  head: { start: number; init: VariableDeclaration | Expression | null },
): Statement {
  c.expect(";");
  const test = c.is(";") ? null : readExpression(c);
  c.expect(";");
  const update = c.is(")") ? null : readExpression(c);
  c.expect(")");
  const body = readLoopBody(c);
  return { type: "ForStatement", start: head.start, end: c.previousEnd, init: head.init, test, update, body };
}

function readForEach(
  c: Cursor,
  head: { start: number; init: VariableDeclaration | Expression; kind: "of" | "in" },
): Statement {
  const { start, init, kind } = head;
  const left = readLeft(c, init, kind);
  c.next();
  const right = kind === "of" ? readAssignment(c) : readExpression(c);
  c.expect(")");
  const body = readLoopBody(c);
  const end = c.previousEnd;
  if (kind === "in") return { type: "ForInStatement", start, end, left, right, body };
  return { type: "ForOfStatement", start, end, await: false, left, right, body };
}

function readLeft(
  c: Cursor,
  init: VariableDeclaration | Expression,
  kind: string,
): VariableDeclaration | Pattern {
  if (init.type === "VariableDeclaration") {
    const [declarator, another] = init.declarations;
    if (another) c.report("F0001", another, `a \`for…${kind}\` declares one variable`);
    if (declarator?.init) {
      c.report("F0001", declarator.init, `the variable of a \`for…${kind}\` cannot have a value of its own`);
    }
    return init;
  }
  const pattern = toPattern(c, init, "assign");
  if (pattern.type === "AssignmentPattern") c.report("F0008", pattern, "this cannot be assigned to");
  return pattern;
}

function readLoopBody(c: Cursor): Statement {
  c.scope.loops++;
  try {
    return c.deeper(() => readStatement(c));
  } finally {
    c.scope.loops--;
  }
}

/** `break` or `break label` */
export function readBreak(c: Cursor): Statement {
  const word = c.next();
  const label = readJumpLabel(c);
  if (!label && c.scope.loops === 0 && c.scope.switches === 0) {
    c.report("F0009", word, "`break` can only stand in a loop or a `switch`", {
      hint: "use `return` to leave a function",
    });
  }
  c.semicolon();
  return { type: "BreakStatement", start: word.start, end: c.previousEnd, label };
}

/** `continue` or `continue label` */
export function readContinue(c: Cursor): Statement {
  const word = c.next();
  const label = readJumpLabel(c);
  if (!label && c.scope.loops === 0) c.report("F0009", word, "`continue` can only stand in a loop");
  if (label && c.scope.labels.some((other) => other.name === label.name && !other.loop)) {
    c.report("F0009", label, `\`${label.name}\` does not name a loop`, {
      hint: "`break` can leave any labelled statement",
    });
  }
  c.semicolon();
  return { type: "ContinueStatement", start: word.start, end: c.previousEnd, label };
}

function readJumpLabel(c: Cursor): Identifier | null {
  if (c.token.kind !== "name" || c.token.newlineBefore) return null;
  const label = readIdentifier(c, "the name of a label");
  if (!c.scope.labels.some((other) => other.name === label.name)) {
    c.report("F0009", label, `there is no label \`${label.name}\` around this statement`);
  }
  return label;
}
