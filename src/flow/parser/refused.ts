import type { EmptyStatement, Expression, Identifier, Statement, VariableDeclaration } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readAssignment, readExpression } from "./expressions.ts";
import { readMethod } from "./functions.ts";
import { readArguments } from "./members.ts";
import { readPropertyKey } from "./objects.ts";
import { readIdentifier } from "./primary.ts";
import { readItem, readStatement } from "./statements.ts";

/** A placeholder in the tree for something refused. The flow has an error, so it is never compiled. */
function placeholder(start: number, end: number): Identifier {
  return { type: "Identifier", start, end, name: "undefined" };
}

/** `this` */
export function readThis(c: Cursor): Expression {
  const { start, end } = c.next();
  c.report("F0101", { start, end }, "`this` is not part of the flow language", {
    hint: "pass the value as a parameter, or use the variable's name",
  });
  return placeholder(start, end);
}

/** `super` */
export function readSuper(c: Cursor): Expression {
  const { start, end } = c.next();
  c.report("F0103", { start, end }, "`super` is not part of the flow language", {
    hint: "call the function by its name",
  });
  return placeholder(start, end);
}

/** `new.target` */
export function readNewTarget(c: Cursor, start: number): Expression {
  c.next();
  c.expectWord("target");
  c.report("F0118", { start, end: c.previousEnd }, "`new.target` is not part of the flow language", {
    hint: "functions cannot be called with `new`; pass a parameter",
  });
  return placeholder(start, c.previousEnd);
}

/** `yield value` */
export function readYield(c: Cursor): Expression {
  const { start, end } = c.next();
  c.report("F0105", { start, end }, "`yield` is not part of the flow language", {
    hint: "collect the values in an array, or use an async function",
  });
  c.scope.awaitAt = start;
  const star = !c.token.newlineBefore && c.eat("*");
  const ends = c.token.kind === "end" || [")", "]", "}", ",", ";", ":"].includes(c.token.text) ||
    c.isWord("in") || c.isWord("of");
  if (!star && (ends || c.token.newlineBefore)) return placeholder(start, end);
  return c.deeper(() => readAssignment(c));
}

/** `import(…)` or `import.meta` */
export function readImportExpression(c: Cursor): Expression {
  const { start, end } = c.next();
  c.report("F0109", { start, end }, "`import` is not part of the flow language", {
    hint: "put the code in a task and call it with `Task.run`",
  });
  if (c.is("(")) readArguments(c);
  else {
    c.expect(".");
    c.next();
  }
  return placeholder(start, c.previousEnd);
}

/** `class …`, as a whole; its name stays known, so that the rest can be checked. */
export function readClass(c: Cursor): Expression {
  readClassParts(c);
  return placeholder(c.previousEnd, c.previousEnd);
}

/** `class Name …` as a declaration. */
export function readClassDeclaration(c: Cursor): Statement {
  const { start } = c.token;
  const id = readClassParts(c) ?? c.unexpected("the name of the class");
  return declare([id], start, c.previousEnd);
}

function declare(names: Identifier[], start: number, end: number): VariableDeclaration {
  const declarations = names.map((id) => {
    return {
      type: "VariableDeclarator" as const,
      start: id.start,
      end: id.end,
      id,
      init: placeholder(end, end),
    };
  });
  return { type: "VariableDeclaration", start, end, kind: "let", declarations };
}

function readClassParts(c: Cursor): Identifier | null {
  const { start, end } = c.next();
  c.report("F0102", { start, end }, "`class` is not part of the flow language", {
    hint: "use functions and plain objects",
  });
  const id = c.token.kind === "name" && !c.isWord("extends")
    ? readIdentifier(c, "the name of the class")
    : null;
  c.muted(() => {
    if (c.eatWord("extends")) readAssignment(c);
    c.expect("{");
    c.bracketed(() => {
      while (!c.is("}")) readClassMember(c);
    });
    c.expect("}");
  });
  return id;
}

function readClassMember(c: Cursor): void {
  if (c.eat(";")) return;
  for (const word of ["static", "async", "get", "set"]) {
    if (!c.isWord(word)) continue;
    const next = c.peek();
    if (!["(", "=", ";", "}"].includes(next.text) && !(word === "async" && next.newlineBefore)) c.next();
  }
  if (c.is("{")) {
    c.inFunction({ async: false, generator: false }, () => readStatement(c));
    return;
  }
  c.eat("*");
  readPropertyKey(c);
  if (c.is("(")) {
    readMethod(c, { async: true, generator: true });
    return;
  }
  if (c.eat("=")) c.inFunction({ async: false, generator: false }, () => readAssignment(c));
  c.semicolon();
}

/** `with (object) body` */
export function readWith(c: Cursor): Statement {
  const { start, end } = c.next();
  c.report("F0112", { start, end }, "`with` is not part of the flow language", {
    hint: "destructure: `const { a } = object`",
  });
  c.expect("(");
  c.bracketed(() => readExpression(c));
  c.expect(")");
  return c.deeper(() => readStatement(c));
}

/** `debugger` */
export function readDebugger(c: Cursor): EmptyStatement {
  const { start, end } = c.next();
  c.report("F0117", { start, end }, "`debugger` is not part of the flow language", {
    hint: "inspect a suspended execution, or use `console.log`",
  });
  c.semicolon();
  return { type: "EmptyStatement", start, end: c.previousEnd };
}

/** `import … from "…"`: its names stay known. */
export function readImport(c: Cursor): Statement {
  const { start, end } = c.next();
  c.report("F0108", { start, end }, "`import` is not part of the flow language", {
    hint: "put the code in a task and call it with `Task.run`",
  });
  const names: Identifier[] = [];
  while (c.token.kind !== "string" && c.token.kind !== "end" && !c.is(";")) {
    const { kind, text, start, end } = c.next();
    const bound = [",", "}"].includes(c.token.text) || c.isWord("from");
    if (kind === "name" && bound && text !== "from") {
      names.push({ type: "Identifier", start, end, name: text });
    }
  }
  if (c.token.kind === "string") c.next();
  if (c.eatWord("with") && c.is("{")) {
    while (!c.is("}") && c.token.kind !== "end") c.next();
    c.eat("}");
  }
  c.semicolon();
  return declare(names, start, c.previousEnd);
}

/** `export …`: what it exports is read as if it stood alone. */
export function readExport(c: Cursor): Statement {
  const { start, end } = c.next();
  c.report("F0108", { start, end }, "`export` is not part of the flow language", {
    hint: "give the flow's result with `return`",
  });
  if (c.eatWord("default")) {
    if (c.isWord("function") || c.isWord("async") || c.isWord("class")) return readAnonymous(c);
    const expression = readAssignment(c);
    c.semicolon();
    return { type: "ExpressionStatement", start, end: c.previousEnd, expression };
  }
  if (!c.is("{") && !c.is("*")) return readItem(c);
  while (!c.is("}") && !c.is("*") && c.token.kind !== "end") c.next();
  c.next();
  while (c.isWord("as") || c.isWord("from") || c.token.kind === "string") c.next();
  c.semicolon();
  return { type: "EmptyStatement", start, end: c.previousEnd };
}

function readAnonymous(c: Cursor): Statement {
  const { start } = c.token;
  const expression = readAssignment(c);
  const id = expression.type === "FunctionExpression" ? expression.id : null;
  return id ? declare([id], start, c.previousEnd) : { type: "EmptyStatement", start, end: c.previousEnd };
}

/** Whether `using name` or `await using name` stands here, on one line. */
export function isUsing(c: Cursor): boolean {
  const awaited = /^await[ \t]+using[ \t]+[$\w]/.test(c.source.slice(c.token.start, c.token.start + 40));
  if (c.isWord("await")) return awaited;
  if (!c.isWord("using")) return false;
  const { kind, text, newlineBefore } = c.peek();
  return kind === "name" && !newlineBefore && !["in", "of", "instanceof"].includes(text);
}

/** Note `using`, and go to the name it declares. */
export function skipUsing(c: Cursor): void {
  const { start } = c.token;
  c.eatWord("await");
  const { end } = c.token;
  c.report("F0130", { start, end }, "`using` is not part of the flow language", {
    hint: "use `const`, and clean up in a `finally`",
  });
}
