import type { Queryable, Row } from "./database.ts";

/** SQL as a tagged template, parameters where values stand. */
export interface TransactionTag {
  /** Runs one statement; every `${value}` becomes a parameter. */
  <T extends Row = Row>(strings: TemplateStringsArray, ...values: unknown[]): PromiseLike<T[]>;
  /** Runs one statement with its parameters. */
  unsafe(query: string, parameters?: unknown[]): PromiseLike<Row[]>;
}

/**
 * A transaction as a tagged template: text between the values, a parameter for each value. Objects and arrays of
 * objects travel as JSON.
 *
 * @param on what runs the statements
 * @returns the tag
 */
export function sqlTag(on: Queryable): TransactionTag {
  const tag = <T extends Row = Row>(strings: TemplateStringsArray, ...values: unknown[]): Promise<T[]> => {
    return on.query<T>(
      strings.reduce((text, part, index) => `${text}$${index}${part}`),
      values.map(toParameter),
    );
  };
  const unsafe = (text: string, parameters: unknown[] = []): Promise<Row[]> => {
    return on.query(text, parameters.map(toParameter));
  };
  return Object.assign(tag, { unsafe });
}

function toParameter(value: unknown): unknown {
  if (value === undefined) return null;
  if (value === null || typeof value !== "object" || value instanceof Date || ArrayBuffer.isView(value)) {
    return value;
  }
  if (Array.isArray(value) && value.every((item) => item === null || typeof item !== "object")) return value;
  return JSON.stringify(value);
}
