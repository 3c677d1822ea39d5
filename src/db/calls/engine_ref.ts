import type { Queryable, Row } from "../database.ts";
import { forSchema } from "../schema_name.ts";

/** Where the engine lives: what runs statements, and the schema. */
export interface EngineRef {
  /** What runs statements: a database, or a transaction. */
  readonly on: Queryable;
  /** The engine's schema. */
  readonly schema: string;
}

const texts = new Map<string, Map<string, string>>();

/**
 * Runs one statement of ours, written for the schema `rhythm`. Parameters are texts that the statement casts
 * (`$1::text::jsonb`), so that it means the same on a caller's connection with type settings of its own.
 *
 * @param engine where
 * @param text the statement; a constant, as it is prepared once per connection
 * @param params its parameters
 * @returns the rows
 */
export function ask<R = Row>(
  engine: EngineRef,
  text: string,
  params: readonly (string | number | boolean | null)[] = [],
): Promise<R[]> {
  let known = texts.get(engine.schema);
  if (known === undefined) texts.set(engine.schema, known = new Map());
  let own = known.get(text);
  if (own === undefined) known.set(text, own = forSchema(text, engine.schema));
  return engine.on.query<R>(own, params);
}

/** A Postgres array of texts that need no quotes: ids, numbers. */
export function arrayText(items: readonly (string | number)[]): string {
  return `{${items.join(",")}}`;
}

/** A Postgres array of any texts. */
export function quotedArrayText(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
}

/** An interval of so many milliseconds, as text. */
export function intervalText(ms: number): string {
  return `${ms} milliseconds`;
}
