import type { Expression } from "../parser/ast.ts";

/** What V8 says where it has no words for an expression. */
const VAGUE = "(intermediate value)";

/** Deeper than this, nobody would read it. */
const MAX_DEPTH = 40;

/** An expression as V8's messages show it: names and members in full, calls as `f(...)`. */
export function sourceText(node: Expression, depth = 0): string {
  if (depth > MAX_DEPTH) return VAGUE;
  const show = (inner: Expression): string => sourceText(inner, depth + 1);
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "Literal":
      return typeof node.value === "string" ? `"${node.value}"` : node.regex ? node.raw : String(node.value);
    case "TemplateLiteral":
      return node.expressions.length === 0 ? `"${node.quasis[0]!.value.cooked}"` : VAGUE;
    case "ChainExpression":
      return show(node.expression);
    case "MemberExpression": {
      const object = show(node.object);
      const key = node.property;
      if (!node.computed) return `${object}${node.optional ? "?." : "."}${(key as { name: string }).name}`;
      if (key.type === "Literal" && typeof key.value === "string") {
        return `${object}${node.optional ? "?." : "."}${key.value}`;
      }
      if (key.type === "TemplateLiteral" && key.expressions.length === 0) {
        return `${object}.${key.quasis[0]!.value.cooked}`;
      }
      return `${object}${node.optional ? "?." : ""}[${show(key)}]`;
    }
    case "CallExpression":
      return `${show(node.callee)}(...)`;
    case "BinaryExpression":
    case "LogicalExpression":
      return `(${show(node.left)} ${node.operator} ${show(node.right)})`;
    case "SequenceExpression":
      return `(${node.expressions.map(show).join(" , ")})`;
    case "UnaryExpression": {
      const space = /^[a-z]/.test(node.operator) ? " " : "";
      return `(${node.operator}${space}${show(node.argument)})`;
    }
    case "UpdateExpression": {
      const argument = show(node.argument);
      return node.prefix ? `(${node.operator}${argument})` : `(${argument}${node.operator})`;
    }
    case "AssignmentExpression":
      return node.left.type === "Identifier" ? node.left.name : VAGUE;
    case "ConditionalExpression":
      return VAGUE + VAGUE + VAGUE;
    case "ArrayExpression":
      return `[${
        node.elements.map((one) => one && one.type !== "SpreadElement" ? show(one) : VAGUE).join(",")
      }]`;
    case "ObjectExpression":
      return `{${node.properties.map(() => VAGUE).join("")}}`;
    default:
      return VAGUE;
  }
}

/** What a pattern is matched against, as messages show it; an empty text stands for the value itself. */
export interface Origin {
  /** Where an object was expected. */
  object: string;
  /** Where an iterable was expected. */
  list: string;
}

/** The origin of a value that an expression gave. */
export function originOf(node: Expression): Origin {
  const text = sourceText(node);
  const named = node.type === "Identifier" || node.type === "Literal" || node.type === "ObjectExpression" ||
    node.type === "ArrayExpression";
  return { object: text, list: named ? text : listText(node) };
}

/** How a message begins that says that an expression's value is not iterable. */
export function listText(node: Expression): string {
  if (node.type === "CallExpression" && !sourceText(node.callee).startsWith(VAGUE)) {
    return `${sourceText(node.callee)} is not a function or its return value`;
  }
  return "";
}

/** The same for `for…of` and spread, which also name members. */
export function iterableText(node: Expression): string {
  return listText(node) || (node.type === "CallExpression" ? "" : sourceText(node));
}
