import type {
  ArrowFunctionExpression,
  BlockStatement,
  Expression,
  FunctionDeclaration,
  FunctionExpression,
  Identifier,
  Node,
  Pattern,
  SpreadElement,
  Statement,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readAssignment } from "./expressions.ts";
import { boundNames, readBindingTarget, readParameter, refuseBinding, toPattern } from "./patterns.ts";
import { readIdentifier } from "./primary.ts";
import { readStatements } from "./statements.ts";

/** What kind of function is read. */
export interface FunctionKind {
  async: boolean;
  generator: boolean;
}

/** Whether a node is an arrow function without parentheses: no operator, call or member can follow it. */
export function isArrow(c: Cursor, node: Node): boolean {
  return node.type === "ArrowFunctionExpression" && !c.parens.has(node);
}

/** Whether `async function` stands here, on one line. */
export function isAsyncFunction(c: Cursor): boolean {
  if (!c.isWord("async")) return false;
  const next = c.peek();
  return next.kind === "name" && next.text === "function" && !next.escaped && !next.newlineBefore;
}

/** `function …` or `async function …` */
export function readFunction(c: Cursor, form: "declaration"): FunctionDeclaration;
/** `function …` or `async function …` */
export function readFunction(c: Cursor, form: "expression"): FunctionExpression;
export function readFunction(
  c: Cursor,
  form: "declaration" | "expression",
): FunctionDeclaration | FunctionExpression {
  const { start } = c.token;
  const async = c.eatWord("async");
  c.expectWord("function");
  const generator = readStar(c);
  let id: Identifier | null = null;
  if (form === "declaration" || !c.is("(")) id = readIdentifier(c, "the name of the function");
  if (id) refuseBinding(c, id);
  const rest = readParamsAndBody(c, { async, generator });
  if (form === "declaration") {
    return { type: "FunctionDeclaration", start, end: c.previousEnd, id: id!, expression: false, ...rest };
  }
  return { type: "FunctionExpression", start, end: c.previousEnd, id, expression: false, ...rest };
}

/** `(params) { body }` of a method in an object literal. */
export function readMethod(c: Cursor, kind: FunctionKind): FunctionExpression {
  const { start } = c.token;
  const rest = readParamsAndBody(c, kind);
  return { type: "FunctionExpression", start, end: c.previousEnd, id: null, expression: false, ...rest };
}

/** The `*` of a generator: reported, and read on. */
export function readStar(c: Cursor): boolean {
  if (!c.is("*")) return false;
  c.report("F0105", c.token, "generators are not part of the flow language", {
    hint: "collect the values in an array, or use an async function",
  });
  c.next();
  return true;
}

type Rest = Pick<FunctionExpression, "async" | "generator" | "params"> & { body: BlockStatement };

function readParamsAndBody(c: Cursor, kind: FunctionKind): Rest {
  return c.inFunction(kind, () => {
    const { start } = c.token;
    const params = c.bracketed(() => readParams(c));
    if (kind.async) refuseAwait(c, start);
    checkDuplicates(c, params);
    const body = readBody(c, params);
    return { async: kind.async, generator: kind.generator, params, body };
  });
}

function readParams(c: Cursor): Pattern[] {
  c.expect("(");
  const params: Pattern[] = [];
  while (!c.is(")")) {
    if (c.is("...")) {
      const { start } = c.next();
      const argument = readBindingTarget(c);
      params.push({ type: "RestElement", start, end: c.previousEnd, argument });
      if (c.is(",") || c.is("=")) {
        c.fail("F0024", c.token, "a rest parameter comes last and has no default", {
          hint: "move it to the end",
        });
      }
      if (!c.is(")")) c.unexpected("`)` after the rest parameter");
      break;
    }
    params.push(readParameter(c));
    if (c.is(")")) break;
    if (!c.eat(",")) c.unexpected("`,` or `)`");
  }
  c.expect(")");
  return params;
}

// An `await` in a parameter would suspend the function before its body begins.
function refuseAwait(c: Cursor, from: number): void {
  const { awaitAt } = c.scope;
  if (awaitAt < from) return;
  c.report(
    "F0301",
    { start: awaitAt, end: awaitAt + 5 },
    "`await` cannot stand in the parameters of a function",
    {
      hint: "await in the body",
    },
  );
}

function checkDuplicates(c: Cursor, params: readonly Pattern[]): void {
  const seen = new Set<string>();
  for (const name of params.flatMap((param) => boundNames(param))) {
    if (seen.has(name.name)) c.report("F0011", name, `the parameter \`${name.name}\` is declared twice`);
    seen.add(name.name);
  }
}

function readBody(c: Cursor, params: readonly Pattern[]): BlockStatement {
  const { start } = c.token;
  if (!c.is("{")) c.unexpected("`{`");
  c.next();
  const body = c.bracketed(() => readStatements(c, "function"));
  c.expect("}");
  checkDirectives(c, body, params);
  return { type: "BlockStatement", start, end: c.previousEnd, body };
}

function checkDirectives(c: Cursor, body: readonly Statement[], params: readonly Pattern[]): void {
  if (params.every((param) => param.type === "Identifier")) return;
  for (const statement of body) {
    if (statement.type !== "ExpressionStatement" || statement.directive === undefined) return;
    if (statement.directive !== "use strict") continue;
    c.report(
      "F0018",
      statement,
      '`"use strict"` cannot stand in a function whose parameters are not simple',
      {
        hint: "leave it out: a flow is always strict",
      },
    );
  }
}

/** What an arrow function is made of once `=>` is seen. */
export interface ArrowHead {
  start: number;
  async: boolean;
  params: (Expression | SpreadElement | Pattern)[];
  /** Where a comma follows a spread, or -1. */
  spreadComma: number;
}

/** The rest of an arrow function, from `=>` on. */
export function readArrow(c: Cursor, head: ArrowHead): ArrowFunctionExpression {
  const { start, async } = head;
  refuseAwait(c, start);
  if (head.spreadComma >= 0) {
    c.report(
      "F0024",
      { start: head.spreadComma, end: head.spreadComma + 1 },
      "no comma can follow a rest parameter",
    );
  }
  const params = head.params.map((param, index) => {
    if (param.type === "SpreadElement" && index < head.params.length - 1) {
      c.report("F0024", param, "a rest parameter must be the last one");
    }
    return toPattern(c, param, "bind");
  });
  checkDuplicates(c, params);
  c.next();
  const body = c.inFunction({ async, generator: false }, () => {
    return c.is("{") ? readBody(c, params) : c.deeper(() => readAssignment(c));
  });
  const expression = body.type !== "BlockStatement";
  return {
    type: "ArrowFunctionExpression",
    start,
    end: c.previousEnd,
    id: null,
    expression,
    generator: false,
    async,
    params,
    body,
  };
}
