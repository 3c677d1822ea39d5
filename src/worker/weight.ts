import type { JsonValue } from "../shared/json.ts";

/**
 * About how many characters a value takes as JSON, without writing it down.
 *
 * @param value the value
 * @returns characters
 */
export function weightOf(value: JsonValue): number {
  if (typeof value === "string") return value.length + 8;
  if (typeof value !== "object" || value === null) return 8;
  let weight = 8;
  if (Array.isArray(value)) {
    for (const item of value) weight += weightOf(item);
  } else {
    for (const key in value) weight += key.length + weightOf(value[key]!);
  }
  return weight;
}
