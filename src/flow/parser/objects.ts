import type { Expression, ObjectExpression, Pattern, Property } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readAssignment } from "./expressions.ts";
import { readMethod, readStar } from "./functions.ts";
import { readSpread } from "./members.ts";
import { shorthandName } from "./patterns.ts";
import type { Token } from "./token.ts";

/** An object literal; `{ a = 1 }`, which only a pattern may hold, is noted as pending. */
export function readObject(c: Cursor): ObjectExpression {
  const { start } = c.next();
  const properties: ObjectExpression["properties"] = [];
  c.bracketed(() => {
    while (!c.is("}")) {
      const property = c.is("...") ? readSpread(c) : readProperty(c);
      properties.push(property);
      if (c.is("}")) break;
      if (!c.is(",")) c.unexpected("`,` or `}`");
      c.next();
      if (property.type === "SpreadElement") c.spreadCommas.add(property);
    }
  });
  c.expect("}");
  return { type: "ObjectExpression", start, end: c.previousEnd, properties };
}

/** A property's key: a name (reserved or not), a string, a number, or `[computed]`. */
export function readPropertyKey(c: Cursor): { key: Expression; computed: boolean } {
  const { kind, start, end, text, value } = c.token;
  if (c.eat("[")) {
    const key = c.bracketed(() => readAssignment(c));
    c.expect("]");
    return { key, computed: true };
  }
  if (kind === "name") {
    c.next();
    return { key: { type: "Identifier", start, end, name: text }, computed: false };
  }
  if (kind === "bigint") {
    c.report("F0114", { start, end }, "BigInt is not part of the flow language", {
      hint: "leave out the `n`",
    });
  } else if (kind === "private") {
    c.report("F0129", { start, end }, `\`${text}\` is a private name, and there are no classes`);
  } else if (kind !== "string" && kind !== "number") {
    c.unexpected("the name of a property");
  }
  c.next();
  return { key: { type: "Literal", start, end, value: value ?? text, raw: text }, computed: false };
}

function readProperty(c: Cursor): Property {
  const { start } = c.token;
  const accessor = readAccessor(c);
  const async = !accessor && isModifier(c, "async") && !c.peek().newlineBefore && c.eatWord("async");
  const generator = !accessor && readStar(c);
  const named = c.token;
  const { key, computed } = readPropertyKey(c);
  const modified = accessor || async || generator;
  if (c.is("(") || modified) {
    if (!c.is("(")) c.unexpected("`(`");
    const value = readMethod(c, { async, generator });
    if (accessor) checkAccessor(c, accessor, value.params);
    return finish(c, { start, method: true, shorthand: false, computed, key, value });
  }
  if (c.eat(":")) {
    const value = readAssignment(c);
    return finish(c, { start, method: false, shorthand: false, computed, key, value });
  }
  const value = readShorthand(c, key, named);
  return finish(c, { start, method: false, shorthand: true, computed, key, value });
}

function finish(c: Cursor, parts: Omit<Property, "type" | "end" | "kind">): Property {
  const { start, method, shorthand, computed, key, value } = parts;
  return {
    type: "Property",
    start,
    end: c.previousEnd,
    method,
    shorthand,
    computed,
    key,
    value,
    kind: "init",
  };
}

// Whether a contextual word stands before a key, rather than being the key.
function isModifier(c: Cursor, word: string): boolean {
  if (!c.isWord(word)) return false;
  const { kind, text } = c.peek();
  return kind !== "end" && !(kind === "punctuator" && ["(", ",", ":", "}", "="].includes(text));
}

function readAccessor(c: Cursor): Token | null {
  if (!isModifier(c, "get") && !isModifier(c, "set")) return null;
  if (c.peek().text === "*") return null;
  c.report("F0104", c.token, "getters and setters are not part of the flow language", {
    hint: "write a method, or a plain property",
  });
  return c.next();
}

function checkAccessor(c: Cursor, accessor: Token, params: readonly Pattern[]): void {
  const fits = accessor.text === "get"
    ? params.length === 0
    : params.length === 1 && params[0]!.type !== "RestElement";
  if (!fits) {
    c.report("F0001", accessor, `a \`${accessor.text}\` accessor has the wrong number of parameters`);
  }
}

function readShorthand(c: Cursor, key: Expression, named: Token): Expression {
  const name = shorthandName(c, key, named);
  if (!c.is("=")) return name;
  const { start, end } = c.next();
  const right = readAssignment(c);
  c.pending.set(name.start, {
    code: "F0001",
    start,
    end,
    message: "a default can only stand in a pattern",
    hint: "write `:` to give the property a value",
  });
  // ESTree gives patterns and literals one property type; this becomes valid when the literal becomes a pattern.
  return {
    type: "AssignmentPattern",
    start: name.start,
    end: c.previousEnd,
    left: name,
    right,
  } as unknown as Expression;
}
