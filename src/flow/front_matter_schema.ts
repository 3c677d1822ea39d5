import { isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import type { JsonObject, JsonValue } from "../shared/json.ts";
import { nearest } from "../shared/suggest.ts";
import type { ReportAt } from "./front_matter.ts";

type Form =
  | "type"
  | "schemas"
  | "names"
  | "boolean"
  | "schema"
  | "additional"
  | "list"
  | "any"
  | "number"
  | "count"
  | "text"
  | "some";

/** The keywords of JSON Schema that `input` may use; SQL checks the same ones. */
const KEYWORDS: Record<string, Form> = {
  type: "type",
  properties: "schemas",
  required: "names",
  additionalProperties: "additional",
  items: "schema",
  enum: "list",
  const: "any",
  minimum: "number",
  maximum: "number",
  minLength: "count",
  maxLength: "count",
  minItems: "count",
  maxItems: "count",
  anyOf: "some",
  nullable: "boolean",
  description: "text",
  default: "any",
};

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];
const MAX_DEPTH = 64;

/**
 * Check that a schema stays inside the subset of JSON Schema that `input` may use.
 *
 * @param node the YAML of the schema
 * @param report notes what is wrong, at its place
 * @returns the schema as plain JSON
 */
export function checkInputSchema(node: unknown, report: ReportAt): JsonObject | undefined {
  if (!isMap(node)) {
    report("F0403", node, "`input` must be a schema", "write `input: { type: object, properties: { … } }`");
    return undefined;
  }
  checkSchema(node, report, 0);
  return toJson(node, report, 0) as JsonObject;
}

function checkSchema(node: unknown, report: ReportAt, depth: number): void {
  if (depth > MAX_DEPTH) {
    return report("F0902", node, `a schema cannot nest more than ${MAX_DEPTH} levels deep`);
  }
  if (!isMap(node)) {
    return report("F0403", node, "a schema must be keys and values", "write `{ type: string }`");
  }
  for (const pair of node.items) {
    const key = keyOf(pair);
    const form = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key]! : undefined;
    if (form === undefined) {
      const meant = nearest(key, Object.keys(KEYWORDS));
      const hint = meant
        ? `did you mean \`${meant}\`?`
        : `the keywords are ${Object.keys(KEYWORDS).join(", ")}`;
      report("F0404", pair.key, `\`${key}\` is not among the schema keywords that \`input\` may use`, hint);
    } else {
      checkForm(pair, form, report, depth);
    }
  }
}

function checkForm(pair: Pair, form: Form, report: ReportAt, depth: number): void {
  const { value } = pair;
  const wrong = (wanted: string): void =>
    report("F0403", value ?? pair.key, `\`${keyOf(pair)}\` must be ${wanted}`);
  const scalar = isScalar(value) ? value.value : undefined;
  switch (form) {
    case "type": {
      const types = isSeq(value) ? value.items : [value];
      const known = types.every((type) => isScalar(type) && TYPES.includes(String(type.value)));
      return known && types.length > 0 ? undefined : wrong(`one of ${TYPES.join(", ")}, or a list of them`);
    }
    case "schemas":
      if (!isMap(value)) return wrong("a schema for each property");
      for (const property of value.items) checkSchema(property.value, report, depth + 1);
      return;
    case "names":
      return isSeq(value) && value.items.every((item) => isScalar(item) && typeof item.value === "string")
        ? undefined
        : wrong("a list of property names");
    case "additional":
      return typeof scalar === "boolean" ? undefined : checkSchema(value, report, depth + 1);
    case "schema":
      return checkSchema(value, report, depth + 1);
    case "list":
      return isSeq(value) && value.items.length > 0 ? undefined : wrong("a list of values that is not empty");
    case "some":
      if (!isSeq(value) || value.items.length === 0) return wrong("a list of schemas that is not empty");
      for (const item of value.items) checkSchema(item, report, depth + 1);
      return;
    case "number":
      return typeof scalar === "number" && Number.isFinite(scalar) ? undefined : wrong("a number");
    case "count":
      return Number.isSafeInteger(scalar) && Number(scalar) >= 0
        ? undefined
        : wrong("a whole number, 0 or more");
    case "boolean":
      return typeof scalar === "boolean" ? undefined : wrong("true or false");
    case "text":
      return typeof scalar === "string" ? undefined : wrong("text");
    case "any":
      return;
  }
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : "?";
}

// By hand, so that anchors, dates and keys such as `__proto__` cannot smuggle in what JSON has not.
function toJson(node: unknown, report: ReportAt, depth: number): JsonValue {
  if (depth > MAX_DEPTH * 2) {
    report("F0902", node, "this is nested too deeply");
    return null;
  }
  if (isMap(node)) {
    return Object.fromEntries(node.items.map((pair) => [keyOf(pair), toJson(pair.value, report, depth + 1)]));
  }
  if (isSeq(node)) return node.items.map((item) => toJson(item, report, depth + 1));
  const value = isScalar(node) ? node.value : undefined;
  const plain = value === null || typeof value === "string" || typeof value === "boolean";
  if (plain || (typeof value === "number" && Number.isFinite(value))) return value as JsonValue;
  report(
    "F0403",
    node as Node,
    "this is not a value that JSON can carry",
    "write it out, in quotes if it is text",
  );
  return null;
}
