import type { Node } from "../../parser/ast.ts";
import { BUILT_INS, HIDDEN_MEMBERS, REFUSED_MEMBERS } from "../names.ts";
import { certainValue, globalName, memberName, type Rule } from "../rule.ts";
import type { Scope } from "../scope.ts";

/**
 * Refuse members that only a prototype could give. An object may have a property of its own by such a name, so beyond
 * `__proto__` and its like only what is certain is refused here; the rest is refused at run time.
 */
export const prototypeMembers: Rule = (flow, report) => {
  for (const { node, scope } of flow.all("MemberExpression")) {
    const name = memberName(node);
    if (name === undefined) continue;
    const kind = kindOf(node.object, scope);
    const certain = kind !== undefined &&
      (REFUSED_MEMBERS[kind]?.has(name) || REFUSED_MEMBERS.any!.has(name));
    if (HIDDEN_MEMBERS.has(name) || certain || isBorrowed(node)) refuse(node.property, name, node.object);
  }
  for (const { node } of flow.all("ObjectExpression")) {
    for (const property of node.properties) {
      if (property.type === "SpreadElement" || property.computed || property.method || property.shorthand) {
        continue;
      }
      if (keyName(property.key) === "__proto__") refuse(property.key, "__proto__");
    }
  }
  for (const { node } of flow.all("ObjectPattern")) {
    for (const property of node.properties) {
      if (property.type === "RestElement" || property.computed) continue;
      const name = keyName(property.key);
      if (name !== undefined && HIDDEN_MEMBERS.has(name)) refuse(property.key, name);
    }
  }

  function refuse(at: Node, name: string, object?: Node): void {
    report(
      "F0127",
      at,
      `\`${name}\` belongs to a prototype and is not part of the flow language`,
      object && isBorrowed({ object, property: at }) ? "write `Object.hasOwn(object, key)`" : hintFor(name),
    );
  }
};

/** `object.hasOwnProperty.call`, which can be nothing else. */
function isBorrowed({ object, property }: { object: Node; property: Node }): boolean {
  return memberName(object) === "hasOwnProperty" && property.type === "Identifier" &&
    property.name === "call";
}

function keyName(key: Node): string | undefined {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

function kindOf(object: Node, scope: Scope): string | undefined {
  const name = globalName(object, scope);
  if (name !== undefined) {
    return ["constructor", "converter", "function"].includes(BUILT_INS.get(name)?.kind ?? "")
      ? "function"
      : undefined;
  }
  const value = certainValue(object, scope);
  switch (value.type) {
    case "TemplateLiteral":
      return "string";
    case "ArrayExpression":
      return "array";
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return "function";
    case "Literal":
      return value.regex ? "regexp" : typeof value.value === "string" ? "string" : "other";
    default:
      return undefined;
  }
}

function hintFor(name: string): string | undefined {
  if (name === "call" || name === "apply" || name === "bind") {
    return "call the function itself: there is no `this`";
  }
  if (name === "substr") return "use `slice` or `substring`";
  if (name === "trimLeft") return "use `trimStart`";
  if (name === "trimRight") return "use `trimEnd`";
  if (name === "__proto__") return "copy what is needed: `{ ...other }`";
  return undefined;
}
