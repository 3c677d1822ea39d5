import type {
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  NewExpression,
  SpreadElement,
} from "./ast.ts";
import { MAX_NESTING } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readAssignment, readExpression } from "./expressions.ts";
import { isArrow, readArrow } from "./functions.ts";
import { readTemplate } from "./templates.ts";
import { readPrimary } from "./primary.ts";
import { readNewTarget } from "./refused.ts";

/** A primary expression and every call, member, index and `?.` after it. */
export function readMember(c: Cursor): Expression {
  const { start } = c.token;
  const mayBeArrow = c.arrowAt === start;
  const base = readPrimary(c);
  return isArrow(c, base) ? base : readLinks(c, base, { start, mayBeArrow, calls: true });
}

interface Links {
  start: number;
  mayBeArrow: boolean;
  /** False in the callee of `new`, which ends at the first `(`. */
  calls: boolean;
}

function readLinks(c: Cursor, base: Expression, links: Links): Expression {
  let node = base;
  let chained = false;
  let count = 0;
  for (;;) {
    const at = c.token;
    const optional = c.is("?.");
    if (optional) {
      if (!links.calls) c.fail("F0001", at, "`?.` cannot stand in the callee of `new`");
      chained = true;
      c.next();
    }
    const next = readLink(c, node, { ...links, optional });
    if (next === null) break;
    if (isArrow(c, next)) return next;
    if (++count > MAX_NESTING) {
      c.fail("F0902", at, `this chain has more than ${MAX_NESTING} links`, { hint: "name a part of it" });
    }
    node = next;
  }
  if (!chained) return node;
  const expression = node as CallExpression | MemberExpression;
  return { type: "ChainExpression", start: links.start, end: c.previousEnd, expression };
}

function readLink(c: Cursor, object: Expression, links: Links & { optional: boolean }): Expression | null {
  const { start, optional } = links;
  if (!optional && c.token.newlineBefore && (c.is("[") || c.is("(") && links.calls)) warnOfLine(c);
  if (c.is("[")) {
    c.next();
    const property = c.bracketed(() => readExpression(c));
    c.expect("]");
    return {
      type: "MemberExpression",
      start,
      end: c.previousEnd,
      object,
      property,
      computed: true,
      optional,
    };
  }
  if (c.is("(") && links.calls) {
    const async = links.mayBeArrow && !optional && isAsyncName(c, object);
    const list = readArguments(c);
    if (async && c.is("=>") && !c.token.newlineBefore) {
      return readArrow(c, { start, async: true, params: list.items, spreadComma: list.spreadComma });
    }
    const end = c.previousEnd;
    return { type: "CallExpression", start, end, callee: object, arguments: list.items, optional };
  }
  if (c.token.kind === "template") {
    c.report("F0113", { start, end: c.token.end }, "tagged templates are not part of the flow language", {
      hint: "call the function with the text: `tag(`…`)`",
    });
    return readTemplate(c);
  }
  if (!optional && !c.eat(".")) return null;
  const property = readMemberName(c);
  return { type: "MemberExpression", start, end: c.previousEnd, object, property, computed: false, optional };
}

/** A line that begins with a bracket goes on with the one before it. */
function warnOfLine(c: Cursor): void {
  const what = c.is("[") ? "reads a member of" : "calls";
  c.report("F0311", c.token, `this ${what} what the line before ends with`, {
    hint: "put a `;` before it if it is a line of its own",
  });
}

function isAsyncName(c: Cursor, node: Expression): boolean {
  if (node.type !== "Identifier" || node.name !== "async" || c.parens.has(node)) return false;
  return !c.token.newlineBefore && node.end - node.start === 5;
}

function readMemberName(c: Cursor): Identifier {
  if (c.token.kind === "private") {
    c.report("F0129", c.token, `\`${c.token.text}\` is a private name, and there are no classes`, {
      hint: "use an ordinary property",
    });
  } else if (c.token.kind !== "name") {
    c.unexpected("the name of a member");
  }
  const { start, end, text } = c.next();
  return { type: "Identifier", start, end, name: text };
}

/** The arguments of a call, and where a comma follows a spread (which parameters do not allow). */
export function readArguments(c: Cursor): { items: (Expression | SpreadElement)[]; spreadComma: number } {
  c.expect("(");
  const items: (Expression | SpreadElement)[] = [];
  let spreadComma = -1;
  c.bracketed(() => {
    while (!c.is(")")) {
      const item = c.is("...") ? readSpread(c) : readAssignment(c);
      items.push(item);
      if (c.is(")")) break;
      if (!c.is(",")) c.unexpected("`,` or `)`");
      const comma = c.next();
      if (item.type === "SpreadElement") spreadComma = comma.start;
    }
  });
  c.expect(")");
  return { items, spreadComma };
}

/** `...argument` */
export function readSpread(c: Cursor): SpreadElement {
  const { start } = c.expect("...");
  const argument = readAssignment(c);
  return { type: "SpreadElement", start, end: c.previousEnd, argument };
}

/** `new callee(arguments)` */
export function readNew(c: Cursor): Expression {
  const { start } = c.next();
  if (c.is(".")) return readNewTarget(c, start);
  const calleeStart = c.token.start;
  if (c.isWord("import")) c.fail("F0109", c.token, "dynamic `import` is not part of the flow language");
  const base = c.deeper(() => c.isWord("new") ? readNew(c) : readPrimary(c));
  const callee = readLinks(c, base, { start: calleeStart, mayBeArrow: false, calls: false });
  const args = c.is("(") ? readArguments(c).items : [];
  const node: NewExpression = { type: "NewExpression", start, end: c.previousEnd, callee, arguments: args };
  return node;
}
