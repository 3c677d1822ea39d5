import type { JsonObject, JsonValue } from "../../shared/json.ts";

/**
 * Something that a schema of inputs allows, with what it requires and no more.
 *
 * @param schema the schema; without one, nothing is required
 * @param name what the value is called: texts say that
 */
export function exampleOf(schema: JsonValue | undefined, name = "text"): JsonValue {
  if (!isObject(schema)) return schema === undefined ? {} : name;
  const { default: usual, enum: choices, const: only, anyOf, type, minimum, minItems } = schema;
  if (usual !== undefined) return usual;
  if (only !== undefined) return only;
  if (Array.isArray(choices) && choices.length > 0) return choices[0]!;
  if (Array.isArray(anyOf) && anyOf.length > 0) return exampleOf(anyOf[0], name);
  switch (Array.isArray(type) ? type[0] : type ?? "object") {
    case "string":
      return name;
    case "number":
    case "integer":
      return typeof minimum === "number" ? Math.ceil(minimum) : 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return typeof minItems === "number" && minItems > 0 ? [exampleOf(schema.items ?? {}, name)] : [];
    default:
      return exampleObject(schema);
  }
}

function exampleObject({ required, properties }: JsonObject): JsonObject {
  const keys = Array.isArray(required) ? required.map(String) : [];
  const schemas = isObject(properties) ? properties : {};
  return Object.fromEntries(keys.map((key) => [key, exampleOf(schemas[key] ?? { type: "string" }, key)]));
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
