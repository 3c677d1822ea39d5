import type { ArrayExpression, Expression, Identifier, Literal, Pattern, SpreadElement } from "./ast.ts";
import { type Cursor, SyntaxProblem } from "./cursor.ts";
import { readAssignment } from "./expressions.ts";
import { isAsyncFunction, readArrow, readFunction } from "./functions.ts";
import { readNew, readSpread } from "./members.ts";
import { RESERVED } from "./names.ts";
import { readObject } from "./objects.ts";
import { runAt } from "./parsimmon.ts";
import { readBindingTarget } from "./patterns.ts";
import { readClass, readImportExpression, readSuper, readThis } from "./refused.ts";
import { unclosed } from "./strings.ts";
import { readTemplate } from "./templates.ts";
import { regexpLiteral } from "./tokens.ts";

/** A literal, a name, a function, or an expression in parentheses. */
export function readPrimary(c: Cursor): Expression {
  const { kind, text } = c.token;
  if (kind === "name") return c.token.escaped ? readName(c) : readWord(c);
  if (kind === "number" || kind === "string") return readValue(c);
  if (kind === "template") return readTemplate(c);
  if (kind === "bigint") return readBigInt(c);
  if (kind === "punctuator") {
    if (text === "(") return readParenthesized(c);
    if (text === "[") return readArray(c);
    if (text === "{") return readObject(c);
    if (text === "/" || text === "/=") return readRegexp(c);
    if (text === "...") {
      c.fail(
        "F0024",
        c.token,
        "`...` can only stand in a call, an array, an object or at the end of parameters",
      );
    }
  }
  return c.unexpected("an expression");
}

function readWord(c: Cursor): Expression {
  switch (c.token.text) {
    case "true":
    case "false":
    case "null":
      return readWordLiteral(c);
    case "function":
      return readFunction(c, "expression");
    case "new":
      return readNew(c);
    case "async":
      return readAsync(c);
    case "this":
      return readThis(c);
    case "super":
      return readSuper(c);
    case "class":
      return readClass(c);
    case "import":
      return readImportExpression(c);
  }
  return readName(c);
}

function readName(c: Cursor): Expression {
  const mayBeArrow = c.arrowAt === c.token.start;
  if (RESERVED.has(c.token.text)) c.refuseOpenLine();
  const name = readIdentifier(c, "an expression");
  if (!mayBeArrow || !c.is("=>") || c.token.newlineBefore) return name;
  return readArrow(c, { start: name.start, async: false, params: [name], spreadComma: -1 });
}

/** A name that is not reserved. */
export function readIdentifier(c: Cursor, expected: string): Identifier {
  const { token } = c;
  if (token.kind !== "name") c.unexpected(expected);
  const { start, end, text } = token;
  const name: Identifier = { type: "Identifier", start, end, name: text };
  checkReserved(c, name);
  c.next();
  return name;
}

/** Stop at a reserved word. Where JavaScript allows `await` as a name, it is reported and reading continues. */
export function checkReserved(c: Cursor, { name, start, end }: Identifier): void {
  if (!RESERVED.has(name)) return;
  const message = `\`${name}\` is a reserved word and cannot stand here as a name`;
  if (name === "await" && !c.scope.async) {
    c.report("F0007", { start, end }, message, { hint: "choose another name" });
  } else c.fail("F0007", { start, end }, message);
}

function readAsync(c: Cursor): Expression {
  const { start } = c.token;
  const mayBeArrow = c.arrowAt === start;
  if (isAsyncFunction(c)) return readFunction(c, "expression");
  const next = c.peek();
  if (mayBeArrow && next.kind === "name" && !next.newlineBefore && !isOperatorWord(next.text)) {
    c.next();
    const param = readIdentifier(c, "the name of a parameter");
    if (!c.is("=>") || c.token.newlineBefore) c.unexpected("`=>`");
    return readArrow(c, { start, async: true, params: [param], spreadComma: -1 });
  }
  return readName(c);
}

function isOperatorWord(text: string): boolean {
  return text === "in" || text === "instanceof";
}

function readWordLiteral(c: Cursor): Literal {
  const { start, end, text } = c.next();
  return { type: "Literal", start, end, value: text === "null" ? null : text === "true", raw: text };
}

function readValue(c: Cursor): Literal {
  const { start, end, text, value } = c.next();
  return { type: "Literal", start, end, value: value!, raw: text };
}

function readBigInt(c: Cursor): Literal {
  const { start, end, text } = c.next();
  c.report("F0114", { start, end }, "BigInt is not part of the flow language", {
    hint: "use a number, or a string for what is larger than 2 ** 53",
  });
  return { type: "Literal", start, end, value: 0, raw: text };
}

function readRegexp(c: Cursor): Literal {
  const { start } = c.token;
  const reply = runAt(regexpLiteral, c.source, start);
  if (!reply.status) throw new SyntaxProblem(unclosed(start, "close it with `/`", "regular expression"));
  const { end, pattern, flags, problem } = reply.value;
  if (problem) c.add(problem);
  c.moveTo(end);
  return {
    type: "Literal",
    start,
    end,
    value: null,
    raw: c.source.slice(start, end),
    regex: { pattern, flags },
  };
}

function readArray(c: Cursor): ArrayExpression {
  const { start } = c.next();
  const elements: (Expression | SpreadElement | null)[] = [];
  c.bracketed(() => {
    while (!c.is("]")) {
      if (c.eat(",")) {
        elements.push(null);
        continue;
      }
      const element = c.is("...") ? readSpread(c) : readAssignment(c);
      elements.push(element);
      if (c.is("]")) break;
      if (!c.is(",")) c.unexpected("`,` or `]`");
      c.next();
      if (element.type === "SpreadElement") c.spreadCommas.add(element);
    }
  });
  c.expect("]");
  return { type: "ArrayExpression", start, end: c.previousEnd, elements };
}

// Parentheses, or the parameters of an arrow function: only a `=>` behind them tells which.
function readParenthesized(c: Cursor): Expression {
  const { start } = c.token;
  const mayBeArrow = c.arrowAt === start;
  c.next();
  const inner = c.token.start;
  const items: Expression[] = [];
  let rest: Pattern | null = null;
  let onlyParams = -1;
  c.bracketed(() => {
    while (!c.is(")")) {
      if (c.is("...")) {
        onlyParams = c.token.start;
        rest = readRest(c);
        break;
      }
      items.push(readAssignment(c));
      if (!c.is(",")) break;
      const comma = c.next();
      if (c.is(")")) onlyParams = comma.start;
    }
  });
  const innerEnd = c.previousEnd;
  if (!c.is(")")) c.unexpected(rest ? "`)` after the rest parameter" : "`,` or `)`");
  const close = c.next();
  if (mayBeArrow && c.is("=>") && !c.token.newlineBefore) {
    const params = rest === null ? items : [...items, rest];
    return readArrow(c, { start, async: false, params, spreadComma: -1 });
  }
  if (items.length === 0 && rest === null) {
    if (c.is("=>")) c.unexpected("an expression");
    c.fail("F0001", close, "expected an expression, found `)`");
  }
  if (onlyParams >= 0) {
    const text = rest === null ? "," : "...";
    c.fail(
      "F0001",
      { start: onlyParams, end: onlyParams + text.length },
      `expected an expression, found \`${text}\``,
    );
  }
  const node: Expression = items.length === 1
    ? items[0]!
    : { type: "SequenceExpression", start: inner, end: innerEnd, expressions: items };
  c.parens.set(node, start);
  return node;
}

function readRest(c: Cursor): Pattern {
  const { start } = c.expect("...");
  const argument = readBindingTarget(c);
  return { type: "RestElement", start, end: c.previousEnd, argument };
}
