/** A call that the engine must refuse: the code, the sentence, and that nothing changed. */

import assert from "node:assert/strict";
import type { Database, Queryable } from "../../../src/db/database.ts";
import { EngineError } from "../../../src/db/errors.ts";

/** What the refusal must say. */
export interface Refusal {
  /** Its SQLSTATE. */
  code: string;
  /** Its sentence. */
  message: string | RegExp;
}

/** Everything that the tables of the engine hold, as one number. */
export async function fingerprint(database: Queryable): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class as c
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'r' order by 1`,
  );
  const sums = tables.map(({ name }) =>
    `select '${name}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from ${name} as t`
  );
  return JSON.stringify(await database.query(sums.join(" union all ")));
}

/**
 * Asserts that a statement is refused and changed nothing.
 *
 * @param database where
 * @param statement the statement
 * @param params its parameters
 * @param refusal what the refusal must say
 */
export async function assertRefused(
  database: Database,
  statement: string,
  params: readonly unknown[],
  refusal: Refusal,
): Promise<void> {
  const before = await fingerprint(database);
  const label = `${statement} with ${JSON.stringify(params)}`;
  const outcome = await database.query(statement, params).then(() => undefined, (error: unknown) => error);
  assert.ok(outcome instanceof EngineError, `${label} was not refused: ${outcome}`);
  const sentence = outcome.hint ? outcome.message.slice(0, -outcome.hint.length - 2) : outcome.message;
  if (typeof refusal.message === "string") assert.equal(sentence, refusal.message, label);
  else assert.match(sentence, refusal.message, label);
  assert.equal(outcome.code, refusal.code, label);
  assert.equal(await fingerprint(database), before, `${label} changed something`);
}
