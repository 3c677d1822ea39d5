import type {
  AssignmentOperator,
  BinaryOperator,
  Expression,
  Identifier,
  LogicalExpression,
  MemberExpression,
  UnaryOperator,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { isArrow } from "./functions.ts";
import { toPattern } from "./patterns.ts";
import { readYield } from "./refused.ts";
import { readMember } from "./members.ts";

const ASSIGNMENTS: ReadonlySet<string> = new Set(
  "= += -= *= /= %= **= <<= >>= >>>= |= ^= &= ||= &&= ??=".split(" "),
);

const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ["??", 1],
  ["||", 2],
  ["&&", 3],
  ["|", 4],
  ["^", 5],
  ["&", 6],
  ["==", 7],
  ["!=", 7],
  ["===", 7],
  ["!==", 7],
  ["<", 8],
  [">", 8],
  ["<=", 8],
  [">=", 8],
  ["in", 8],
  ["instanceof", 8],
  ["<<", 9],
  [">>", 9],
  [">>>", 9],
  ["+", 10],
  ["-", 10],
  ["*", 11],
  ["/", 11],
  ["%", 11],
  ["**", 12],
]);

const UNARY: ReadonlySet<string> = new Set(["-", "+", "!", "~", "typeof", "void", "delete"]);

/** An expression, commas included. */
export function readExpression(c: Cursor): Expression {
  const { start } = c.token;
  const first = readAssignment(c);
  if (!c.is(",")) return first;
  const expressions = [first];
  while (c.eat(",")) expressions.push(readAssignment(c));
  return { type: "SequenceExpression", start, end: c.previousEnd, expressions };
}

/** An expression without commas outside brackets: an assignment, an arrow function, or what stands below them. */
export function readAssignment(c: Cursor): Expression {
  const { start } = c.token;
  if (c.isWord("yield")) return readYield(c);
  c.arrowAt = start;
  const left = readConditional(c);
  if (isArrow(c, left) || c.token.kind !== "punctuator" || !ASSIGNMENTS.has(c.token.text)) return left;
  const operator = c.next().text as AssignmentOperator;
  const target = operator === "=" ? toPattern(c, left, "assign") : simpleTarget(c, left);
  const right = c.deeper(() => readAssignment(c));
  return { type: "AssignmentExpression", start, end: c.previousEnd, operator, left: target, right };
}

/** What `++`, `+=` and their like may change; anything else is reported. */
function simpleTarget(c: Cursor, node: Expression): Identifier | MemberExpression {
  if (node.type === "MemberExpression") return node;
  if (node.type === "Identifier") {
    if (node.name === "eval" || node.name === "arguments") toPattern(c, node, "assign");
    return node;
  }
  c.report("F0008", node, "this cannot be assigned to", { hint: "only a name or a member can" });
  return { type: "Identifier", start: node.start, end: node.end, name: "undefined" };
}

function readConditional(c: Cursor): Expression {
  const { start } = c.token;
  const test = readBinary(c);
  if (isArrow(c, test) || !c.is("?")) return test;
  c.next();
  const consequent = c.bracketed(() => readAssignment(c));
  c.expect(":");
  const alternate = c.deeper(() => readAssignment(c));
  return { type: "ConditionalExpression", start, end: c.previousEnd, test, consequent, alternate };
}

function readBinary(c: Cursor): Expression {
  const { start } = c.token;
  if (c.token.kind === "private") return readPrivateIn(c);
  const left = readUnary(c);
  return isArrow(c, left) ? left : climb(c, left, start, 0);
}

// Precedence climbing: what binds tighter than `floor` joins `left`.
function climb(c: Cursor, left: Expression, start: number, floor: number): Expression {
  for (;;) {
    const operator = c.token.text;
    const strength = operatorStrength(c);
    if (strength <= floor) return left;
    if (operator === "**") refuseUnaryBase(c, left);
    c.next();
    const rightStart = c.token.start;
    let right = readUnary(c);
    // `**` groups to the right; each other operator to the left.
    const below = operator === "**" ? strength - 1 : strength;
    if (operatorStrength(c) > below) {
      const base = right;
      right = operator === "**"
        ? c.deeper(() => climb(c, base, rightStart, below))
        : climb(c, base, rightStart, below);
    }
    left = join(c, { operator, left, right, start });
  }
}

function operatorStrength(c: Cursor): number {
  const { kind, text, escaped } = c.token;
  if (kind !== "punctuator" && (kind !== "name" || escaped)) return 0;
  if (c.noIn && text === "in") return 0;
  return PRECEDENCE.get(text) ?? 0;
}

interface Joined {
  operator: string;
  left: Expression;
  right: Expression;
  start: number;
}

function join(c: Cursor, { operator, left, right, start }: Joined): Expression {
  const end = c.previousEnd;
  if (operator !== "??" && operator !== "||" && operator !== "&&") {
    return { type: "BinaryExpression", start, end, operator: operator as BinaryOperator, left, right };
  }
  const node: LogicalExpression = { type: "LogicalExpression", start, end, operator, left, right };
  if (mixes(c, node, left) || mixes(c, node, right)) {
    c.report("F0012", node, "`??` cannot be mixed with `||` or `&&` without parentheses", {
      hint: "put parentheses around one of them",
    });
  }
  return node;
}

function mixes(c: Cursor, outer: LogicalExpression, inner: Expression): boolean {
  if (inner.type !== "LogicalExpression" || c.parens.has(inner)) return false;
  return (outer.operator === "??") !== (inner.operator === "??");
}

function refuseUnaryBase(c: Cursor, left: Expression): void {
  if ((left.type !== "UnaryExpression" && left.type !== "AwaitExpression") || c.parens.has(left)) return;
  c.report("F0013", left, "a unary operator cannot stand before `**` without parentheses", {
    hint: "write `(-a) ** b` or `-(a ** b)`",
  });
}

function readUnary(c: Cursor): Expression {
  const { start, text, kind, escaped } = c.token;
  if (kind === "punctuator" ? UNARY.has(text) : kind === "name" && !escaped && UNARY.has(text)) {
    c.next();
    const argument = c.deeper(() => readUnary(c));
    if (text === "delete") checkDelete(c, argument, start);
    const operator = text as UnaryOperator;
    return { type: "UnaryExpression", start, end: c.previousEnd, operator, prefix: true, argument };
  }
  if (c.isWord("await")) return readAwait(c);
  if (c.is("++") || c.is("--")) {
    const operator = c.next().text as "++" | "--";
    const argument = simpleTarget(c, c.deeper(() => readUnary(c)));
    return { type: "UpdateExpression", start, end: c.previousEnd, operator, prefix: true, argument };
  }
  const operand = readMember(c);
  if (isArrow(c, operand) || c.token.newlineBefore || !(c.is("++") || c.is("--"))) return operand;
  const argument = simpleTarget(c, operand);
  const operator = c.next().text as "++" | "--";
  return { type: "UpdateExpression", start, end: c.previousEnd, operator, prefix: false, argument };
}

function checkDelete(c: Cursor, argument: Expression, start: number): void {
  if (argument.type !== "Identifier") return;
  c.report("F0014", { start, end: c.previousEnd }, "a name cannot be deleted, only a member of an object", {
    hint: `set \`${argument.name}\` to undefined`,
  });
}

function readAwait(c: Cursor): Expression {
  const { start, end } = c.next();
  const { scope } = c;
  if (!scope.async) {
    c.report("F0301", { start, end }, "`await` can only be used in an async function", {
      hint: "make the function around it `async`",
    });
  }
  scope.awaitAt = start;
  const argument = c.deeper(() => readUnary(c));
  return { type: "AwaitExpression", start, end: c.previousEnd, argument };
}

function readPrivateIn(c: Cursor): Expression {
  const { start, end, text } = c.next();
  c.report("F0129", { start, end }, `\`${text}\` is a private name, and there are no classes`, {
    hint: "use an ordinary property",
  });
  c.expectWord("in");
  return readUnary(c);
}
