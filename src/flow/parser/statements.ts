import type {
  BlockStatement,
  CatchClause,
  Expression,
  Identifier,
  LabeledStatement,
  Pattern,
  Statement,
  SwitchCase,
  VariableDeclaration,
  VariableDeclarator,
} from "./ast.ts";
import { MAX_ELSE_IF } from "./ast.ts";
import { type Cursor, SyntaxProblem } from "./cursor.ts";
import { readAssignment, readExpression } from "./expressions.ts";
import { isAsyncFunction, readFunction } from "./functions.ts";
import { readBreak, readContinue, readDoWhile, readFor, readWhile } from "./loops.ts";
import { readBindingTarget, refuseType } from "./patterns.ts";
import { readIdentifier } from "./primary.ts";
import { recover } from "./recovery.ts";
import {
  isUsing,
  readClassDeclaration,
  readDebugger,
  readExport,
  readImport,
  readWith,
  skipUsing,
} from "./refused.ts";

/** Where a list of statements stands: directives count at the top and in functions. */
export type ListKind = "function" | "block" | "case";

/** Statements up to a closing brace, the next case or the end; a broken one is reported and left out. */
export function readStatements(c: Cursor, kind: ListKind): Statement[] {
  const body: Statement[] = [];
  let prologue = kind === "function";
  while (!endsList(c, kind)) {
    const { start } = c.token;
    try {
      const statement = readItem(c);
      if (prologue) prologue = markDirective(c, statement);
      body.push(statement);
    } catch (error) {
      if (!(error instanceof SyntaxProblem) || error.problem.code === "F0902") throw error;
      recover(c, error.problem, start);
    }
  }
  return body;
}

function endsList(c: Cursor, kind: ListKind): boolean {
  if (c.token.kind === "end" || c.is("}")) return true;
  return kind === "case" && (c.isWord("case") || c.isWord("default"));
}

function markDirective(c: Cursor, statement: Statement): boolean {
  if (statement.type !== "ExpressionStatement") return false;
  const { expression } = statement;
  if (expression.type !== "Literal" || typeof expression.value !== "string" || c.parens.has(expression)) {
    return false;
  }
  statement.directive = expression.raw.slice(1, -1);
  return true;
}

/** A statement or a declaration. */
export function readItem(c: Cursor): Statement {
  const { token } = c;
  if (token.kind === "name" && !token.escaped) {
    switch (token.text) {
      case "let":
      case "const":
      case "var":
        return readVariables(c);
      case "function":
        return readFunction(c, "declaration");
      case "async":
        if (isAsyncFunction(c)) return readFunction(c, "declaration");
        break;
      case "using":
      case "await":
        if (!isUsing(c)) break;
        skipUsing(c);
        return readVariables(c);
      case "class":
        return readClassDeclaration(c);
      case "import":
        if (!["(", "."].includes(c.peek().text)) return readImport(c);
        break;
      case "export":
        return readExport(c);
    }
  }
  return readStatement(c);
}

/** A statement; a declaration is an error here. */
export function readStatement(c: Cursor): Statement {
  const { token } = c;
  if (token.kind === "punctuator") {
    if (token.text === "{") return readBlock(c);
    if (token.text === ";") {
      c.next();
      return { type: "EmptyStatement", start: token.start, end: token.end };
    }
  }
  if (token.kind === "name") {
    if (!token.escaped) {
      const read = STATEMENTS.get(token.text);
      if (read) return read(c);
      if (isDeclaration(c)) return refuseDeclaration(c);
    }
    if (c.peek().text === ":" && c.peek().kind === "punctuator") return readLabeled(c);
  }
  return readExpressionStatement(c);
}

const STATEMENTS: ReadonlyMap<string, (c: Cursor) => Statement> = new Map<string, (c: Cursor) => Statement>([
  ["if", readIf],
  ["for", readFor],
  ["while", readWhile],
  ["do", readDoWhile],
  ["return", readReturn],
  ["throw", readThrow],
  ["try", readTry],
  ["switch", readSwitch],
  ["break", readBreak],
  ["continue", readContinue],
  ["with", readWith],
  ["debugger", readDebugger],
  ["var", readVariables],
]);

function isDeclaration(c: Cursor): boolean {
  return ["let", "const", "function", "class"].some((word) => c.isWord(word)) || isAsyncFunction(c);
}

function refuseDeclaration(c: Cursor): Statement {
  const { start, end, text } = c.token;
  const what = text === "let" || text === "const"
    ? "a declaration"
    : `a ${text === "class" ? "class" : "function"}`;
  c.report("F0017", { start, end }, `${what} cannot stand here without a block`, {
    hint: "put it in `{ … }`",
  });
  return readItem(c);
}

function readExpressionStatement(c: Cursor): Statement {
  const { start } = c.token;
  const expression = readExpression(c);
  c.semicolon();
  return { type: "ExpressionStatement", start, end: c.previousEnd, expression };
}

/** `{ … }` */
function readBlock(c: Cursor): BlockStatement {
  const { start } = c.expect("{");
  const body = c.bracketed(() => readStatements(c, "block"));
  c.expect("}");
  return { type: "BlockStatement", start, end: c.previousEnd, body };
}

function readVariables(c: Cursor): VariableDeclaration {
  const declaration = readDeclarators(c);
  for (const declarator of declaration.declarations) checkInit(c, declaration, declarator);
  c.semicolon();
  declaration.end = c.previousEnd;
  return declaration;
}

/** `let a = 1, b` without what must follow it; `var` is reported and read as `let`. */
export function readDeclarators(c: Cursor): VariableDeclaration {
  const { start, end, text } = c.next();
  if (text === "var") {
    c.report("F0107", { start, end }, "`var` is not part of the flow language", {
      hint: "use `let` or `const`",
    });
  }
  const kind = text === "const" || text === "using" ? "const" : "let";
  const declarations: VariableDeclarator[] = [];
  do {
    const { start } = c.token;
    const id = readBindingTarget(c);
    refuseType(c);
    const init = c.eat("=") ? readAssignment(c) : null;
    declarations.push({ type: "VariableDeclarator", start, end: c.previousEnd, id, init });
  } while (c.eat(","));
  return { type: "VariableDeclaration", start, end: c.previousEnd, kind, declarations };
}

/** Report a declarator that must have a value and has none. */
export function checkInit(c: Cursor, { kind }: VariableDeclaration, { id, init }: VariableDeclarator): void {
  if (init) return;
  if (id.type !== "Identifier") {
    c.report("F0015", id, "a destructuring declaration needs a value", { hint: "add `= …`" });
  } else if (kind === "const") {
    c.report("F0015", id, `the constant \`${id.name}\` needs a value`, { hint: "add `= …`, or use `let`" });
  }
}

// A loop, not recursion: an `else if` chain may be long.
function readIf(c: Cursor): Statement {
  const first = readIfHead(c);
  const chain = [first];
  for (;;) {
    const last = chain[chain.length - 1]!;
    if (!c.eatWord("else")) break;
    if (!c.isWord("if")) {
      last.alternate = c.deeper(() => readStatement(c));
      break;
    }
    if (chain.length > MAX_ELSE_IF) {
      c.fail("F0902", c.token, `this \`if\` has more than ${MAX_ELSE_IF} branches`, {
        hint: "use `switch` or a Map",
      });
    }
    const next = readIfHead(c);
    last.alternate = next;
    chain.push(next);
  }
  for (const link of chain) link.end = c.previousEnd;
  return first;
}

function readIfHead(c: Cursor): Statement & { type: "IfStatement" } {
  const { start } = c.next();
  const test = readTest(c);
  const consequent = c.deeper(() => readStatement(c));
  return { type: "IfStatement", start, end: c.previousEnd, test, consequent, alternate: null };
}

/** `( expression )` */
export function readTest(c: Cursor): Expression {
  c.expect("(");
  const test = c.bracketed(() => readExpression(c));
  if (!c.is(")")) c.unexpected("`)`");
  c.next();
  return test;
}

function readReturn(c: Cursor): Statement {
  const { start } = c.next();
  const bare = c.is(";") || c.is("}") || c.token.kind === "end" || c.token.newlineBefore;
  const argument = bare ? null : readExpression(c);
  c.semicolon();
  return { type: "ReturnStatement", start, end: c.previousEnd, argument };
}

function readThrow(c: Cursor): Statement {
  const { start, end } = c.next();
  if (c.token.newlineBefore) {
    c.fail("F0016", { start, end }, "what is thrown must begin on the line of `throw`");
  }
  const argument = readExpression(c);
  c.semicolon();
  return { type: "ThrowStatement", start, end: c.previousEnd, argument };
}

function readTry(c: Cursor): Statement {
  const { start, end } = c.next();
  const block = readBlock(c);
  const handler = c.isWord("catch") ? readCatch(c) : null;
  const finalizer = c.eatWord("finally") ? readBlock(c) : null;
  if (!handler && !finalizer) {
    c.report("F0022", { start, end }, "`try` needs a `catch` or a `finally`", {
      hint: "add `catch (error) { … }`",
    });
  }
  return { type: "TryStatement", start, end: c.previousEnd, block, handler, finalizer };
}

function readCatch(c: Cursor): CatchClause {
  const { start } = c.next();
  let param: Pattern | null = null;
  if (c.eat("(")) {
    param = readBindingTarget(c);
    c.expect(")");
  }
  const body = readBlock(c);
  return { type: "CatchClause", start, end: c.previousEnd, param, body };
}

function readSwitch(c: Cursor): Statement {
  const { start } = c.next();
  const discriminant = readTest(c);
  c.expect("{");
  const cases: SwitchCase[] = [];
  c.scope.switches++;
  try {
    c.bracketed(() => {
      while (!c.is("}")) cases.push(readCase(c, cases));
    });
  } finally {
    c.scope.switches--;
  }
  c.expect("}");
  return { type: "SwitchStatement", start, end: c.previousEnd, discriminant, cases };
}

function readCase(c: Cursor, before: readonly SwitchCase[]): SwitchCase {
  const { start, end } = c.token;
  let test: Expression | null = null;
  if (c.eatWord("case")) {
    test = readExpression(c);
  } else {
    if (!c.eatWord("default")) c.unexpected("`case`, `default` or `}`");
    if (before.some((other) => other.test === null)) {
      c.report("F0023", { start, end }, "a `switch` has one `default` at most");
    }
  }
  c.expect(":");
  const consequent = readStatements(c, "case");
  return { type: "SwitchCase", start, end: c.previousEnd, test, consequent };
}

function readLabeled(c: Cursor): LabeledStatement {
  const { start } = c.token;
  const label: Identifier = readIdentifier(c, "the name of a label");
  c.expect(":");
  const { labels } = c.scope;
  if (labels.some((other) => other.name === label.name)) {
    c.report("F0010", label, `the label \`${label.name}\` is already in use around this statement`);
  }
  // `a: b: for (…)`: each label of the loop names it.
  for (const other of labels) if (other.at === start) other.at = c.token.start;
  const loops = c.isWord("for") || c.isWord("while") || c.isWord("do");
  labels.push({ name: label.name, at: c.token.start, loop: false });
  for (const other of labels) if (loops && other.at === c.token.start) other.loop = true;
  try {
    const body = c.deeper(() => readStatement(c));
    return { type: "LabeledStatement", start, end: c.previousEnd, label, body };
  } finally {
    labels.pop();
  }
}
