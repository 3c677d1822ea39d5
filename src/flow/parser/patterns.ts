import type {
  ArrayPattern,
  AssignmentProperty,
  Expression,
  Identifier,
  ObjectPattern,
  Pattern,
  RestElement,
  SpreadElement,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readAssignment } from "./expressions.ts";
import { readPropertyKey } from "./objects.ts";
import { checkReserved, readIdentifier } from "./primary.ts";

/** `bind` declares names; `assign` changes what is there, and so takes members too. */
export type PatternMode = "bind" | "assign";

const PLACEHOLDER = "undefined";

/**
 * Turn an expression into a pattern: before `=` or `=>`, `[a, b]` is a pattern and not an array. The nodes are changed in
 * place. A node that cannot be a pattern is reported.
 */
export function toPattern(c: Cursor, node: Expression | SpreadElement | Pattern, mode: PatternMode): Pattern {
  const wrapped = c.parens.has(node);
  switch (node.type) {
    case "Identifier":
      if (mode === "bind" && wrapped) break;
      refuseBinding(c, node);
      return node;
    case "MemberExpression":
      if (mode === "bind") break;
      return node;
    case "ObjectPattern":
    case "ArrayPattern":
      return wrapped ? refuse(c, node) : mode === "bind" ? recheck(c, node) : node;
    case "AssignmentPattern":
      node.left = toPattern(c, node.left, mode);
      return node;
    case "RestElement":
      node.argument = toPattern(c, node.argument, mode);
      return node;
    case "ObjectExpression": {
      if (wrapped) break;
      const pattern = node as unknown as ObjectPattern;
      pattern.type = "ObjectPattern";
      node.properties.forEach((property, index) => {
        if (property.type === "SpreadElement") {
          toRest(c, property, { mode, last: index === node.properties.length - 1, in: "object" });
        } else {
          toProperty(c, property as unknown as AssignmentProperty, mode);
        }
      });
      return pattern;
    }
    case "ArrayExpression": {
      if (wrapped) break;
      const pattern = node as unknown as ArrayPattern;
      pattern.type = "ArrayPattern";
      pattern.elements = node.elements.map((element, index) => {
        if (element?.type !== "SpreadElement") return element && toPattern(c, element, mode);
        return toRest(c, element, { mode, last: index === node.elements.length - 1, in: "array" });
      });
      return pattern;
    }
    case "AssignmentExpression": {
      if (wrapped || node.operator !== "=") break;
      const left = toPattern(c, node.left, mode);
      const { start, end, right } = node;
      return { type: "AssignmentPattern", start, end, left, right };
    }
    case "SpreadElement":
      return toRest(c, node, { mode, last: true, in: "array" });
  }
  return refuse(c, node);
}

function refuse(c: Cursor, node: Expression | SpreadElement | Pattern): Identifier {
  const { start, end } = node;
  const message = node.type === "ChainExpression"
    ? "an optional chain cannot be assigned to"
    : "this cannot be assigned to";
  c.report("F0008", { start: c.parens.get(node) ?? start, end }, message, {
    hint: node.type === "ChainExpression" ? "test with `if` first" : undefined,
  });
  return { type: "Identifier", start, end, name: PLACEHOLDER };
}

/** Report a name that cannot be bound in strict mode. */
export function refuseBinding(c: Cursor, node: Identifier): void {
  if (node.name !== "eval" && node.name !== "arguments") return;
  c.report("F0007", node, `\`${node.name}\` cannot be given another meaning`, {
    hint: "choose another name",
  });
}

function recheck(c: Cursor, node: ObjectPattern | ArrayPattern): Pattern {
  if (node.type === "ArrayPattern") {
    node.elements = node.elements.map((element) => element && toPattern(c, element, "bind"));
    return node;
  }
  for (const property of node.properties) {
    if (property.type === "RestElement") property.argument = toPattern(c, property.argument, "bind");
    else property.value = toPattern(c, property.value, "bind");
  }
  return node;
}

function toProperty(c: Cursor, property: AssignmentProperty, mode: PatternMode): void {
  c.pending.delete(property.start);
  const value = property.value as Pattern | Expression;
  if (property.method || value.type === "FunctionExpression") {
    c.report("F0008", property, "a method cannot be assigned to");
    return;
  }
  property.value = toPattern(c, value, mode);
}

interface RestPlace {
  mode: PatternMode;
  last: boolean;
  in: "array" | "object";
}

function toRest(c: Cursor, node: SpreadElement, place: RestPlace): RestElement {
  if (!place.last || c.spreadCommas.has(node)) {
    c.report("F0024", node, "a rest element must be the last one, with no comma after it");
  }
  const rest = node as unknown as RestElement;
  rest.type = "RestElement";
  rest.argument = toPattern(c, node.argument, place.mode);
  const { type } = rest.argument;
  if (type === "AssignmentPattern") c.report("F0024", rest, "a rest element cannot have a default");
  if (place.in === "object" && (type === "ObjectPattern" || type === "ArrayPattern")) {
    c.report("F0024", rest, "the rest of an object can only be given to a name");
  }
  return rest;
}

/** What a declaration or parameter binds: a name, or a pattern of names. */
export function readBindingTarget(c: Cursor): Pattern {
  if (c.is("[")) return c.bracketed(() => readArrayPattern(c));
  if (c.is("{")) return c.bracketed(() => readObjectPattern(c));
  const name = readIdentifier(c, "a name");
  refuseBinding(c, name);
  return name;
}

/** Report a type behind a name: `: number`. */
export function refuseType(c: Cursor): void {
  if (!c.is(":")) return;
  const { start } = c.next();
  let depth = 0;
  const ends = (): boolean => depth <= 0 && (c.token.newlineBefore || /^[=;,]$/.test(c.token.text));
  while (c.token.kind !== "end" && !ends() && !(depth <= 0 && /^[)}\]]$|^(?:of|in)$/.test(c.token.text))) {
    if (/^[([{<]$/.test(c.token.text)) depth++;
    else if (/^(?:[)\]}]|>+)$/.test(c.token.text)) depth -= c.token.text.length;
    c.next();
  }
  const text = c.source.slice(start, c.previousEnd);
  c.report("F0025", { start, end: c.previousEnd }, "types are not part of the flow language", {
    hint: `leave out \`${text.length > 40 ? `${text.slice(0, 40)}…` : text}\``,
  });
}

/** A parameter: a {@link readBindingElement}, and no type. */
export function readParameter(c: Cursor): Pattern {
  const { start } = c.token;
  const target = readBindingTarget(c);
  refuseType(c);
  return withDefault(c, target, start);
}

/** A {@link readBindingTarget} with, perhaps, a default. */
export function readBindingElement(c: Cursor): Pattern {
  const { start } = c.token;
  return withDefault(c, readBindingTarget(c), start);
}

function withDefault(c: Cursor, left: Pattern, start: number): Pattern {
  if (!c.eat("=")) return left;
  const right = c.bracketed(() => readAssignment(c));
  return { type: "AssignmentPattern", start, end: c.previousEnd, left, right };
}

function readBindingRest(c: Cursor, close: string): RestElement {
  const { start } = c.expect("...");
  const argument = close === "}" ? readIdentifier(c, "a name") : readBindingTarget(c);
  if (argument.type === "Identifier") refuseBinding(c, argument);
  if (c.is(",") || c.is("=")) {
    c.fail("F0024", c.token, "a rest element comes last and has no default", { hint: "move it to the end" });
  }
  if (!c.is(close)) c.unexpected(`\`${close}\` after the rest element`);
  return { type: "RestElement", start, end: c.previousEnd, argument };
}

function readArrayPattern(c: Cursor): ArrayPattern {
  const { start } = c.next();
  const elements: (Pattern | null)[] = [];
  while (!c.is("]")) {
    if (c.eat(",")) {
      elements.push(null);
      continue;
    }
    elements.push(c.is("...") ? readBindingRest(c, "]") : readBindingElement(c));
    if (c.is("]")) break;
    if (!c.eat(",")) c.unexpected("`,` or `]`");
  }
  c.expect("]");
  return { type: "ArrayPattern", start, end: c.previousEnd, elements };
}

function readObjectPattern(c: Cursor): ObjectPattern {
  const { start } = c.next();
  const properties: ObjectPattern["properties"] = [];
  while (!c.is("}")) {
    properties.push(c.is("...") ? readBindingRest(c, "}") : readBindingProperty(c));
    if (c.is("}")) break;
    if (!c.eat(",")) c.unexpected("`,` or `}`");
  }
  c.expect("}");
  return { type: "ObjectPattern", start, end: c.previousEnd, properties };
}

function readBindingProperty(c: Cursor): AssignmentProperty {
  const { start } = c.token;
  const named = c.token;
  const { key, computed } = readPropertyKey(c);
  const shorthand = !c.eat(":");
  let value: Pattern;
  if (shorthand) {
    const name = shorthandName(c, key, named);
    refuseBinding(c, name);
    value = withDefault(c, name, start);
  } else {
    value = readBindingElement(c);
  }
  return {
    type: "Property",
    start,
    end: c.previousEnd,
    method: false,
    shorthand,
    computed,
    key,
    value,
    kind: "init",
  };
}

/** The name that `{ a }` reads or binds: a copy of the key. */
export function shorthandName(c: Cursor, key: Expression, at: { kind: string; text: string }): Identifier {
  if (key.type !== "Identifier" || at.kind !== "name") c.unexpected("`:`");
  checkReserved(c, key);
  return { ...key };
}

/** The names that a pattern binds, in order. */
export function boundNames(pattern: Pattern | null): Identifier[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "RestElement" ? property : property.value)
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => boundNames(element));
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    default:
      return [];
  }
}
