import type { Queryable } from "../db/database.ts";
import type { SqlTag } from "../define/mod.ts";

/**
 * A transaction as a tagged template: text between the values, a parameter for each value. Objects and arrays of
 * objects travel as JSON.
 *
 * @param on what runs the statements
 */
export function sqlTag(on: Queryable): SqlTag {
  const tag = (strings: TemplateStringsArray, ...values: unknown[]): PromiseLike<never[]> => {
    return on.query<never>(
      strings.reduce((text, part, index) => `${text}$${index}${part}`),
      values.map(toParameter),
    );
  };
  const unsafe = (text: string, parameters: unknown[] = []): PromiseLike<unknown[]> => {
    return on.query(text, parameters.map(toParameter));
  };
  return Object.assign(tag, { unsafe }) as SqlTag;
}

function toParameter(value: unknown): unknown {
  if (value === undefined) return null;
  if (value === null || typeof value !== "object" || value instanceof Date || ArrayBuffer.isView(value)) {
    return value;
  }
  if (Array.isArray(value) && value.every((item) => item === null || typeof item !== "object")) return value;
  return JSON.stringify(value);
}
