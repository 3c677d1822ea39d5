import type { Database, Queryable } from "./database.ts";
import { isLockConflict } from "./patience.ts";
import type { SchemaFile } from "./schema_gen.ts";
import { forSchema } from "./schema_name.ts";
import { splitStatements } from "./statements.ts";

/** A file of online structure as it is applied where nobody else works: on a fresh schema, or in this process alone. */
export function offline(text: string): string {
  return text.replaceAll(/\b(index) concurrently\b/g, "$1");
}

/** How online structure is applied. */
export interface OnlineOptions {
  /** The schema. */
  schema: string;
  /** For how long one statement waits for other transactions, in milliseconds. */
  patienceMs: number;
  /** Called for each file that was applied, with the connection. */
  record: (tx: Queryable, file: SchemaFile) => Promise<void>;
}

/**
 * Applies files of online structure, each statement in a transaction of its own, such as `create index concurrently`.
 * One session does it; others pass.
 *
 * @param database where
 * @param files the files
 * @param options the schema, and for how long to wait
 * @returns what was applied, and what has to wait for another time, with the reason
 */
export async function applyOnline(
  database: Database,
  files: readonly SchemaFile[],
  { schema, patienceMs, record }: OnlineOptions,
): Promise<{ applied: string[]; postponed: string[] }> {
  const applied: string[] = [];
  const postponed: string[] = [];
  if (files.length === 0) return { applied, postponed };
  if (database.pooler !== undefined) {
    postponed.push(
      later(files[0]!, "it needs a session of its own, which a pooler in transaction mode does not give"),
    );
    return { applied, postponed };
  }
  // A transaction keeps the connection, and with it the lock; it is over before the first statement, and begun again at the end.
  await database.transaction(async (tx) => {
    await tx.script("commit");
    try {
      const [lock] = await tx.query<{ mine: boolean }>(
        "select pg_try_advisory_lock(hashtextextended('rhythm online ' || $1, 0)) as mine",
        [schema],
      );
      if (!lock!.mine) return;
      await tx.script(
        `set search_path = pg_catalog, pg_temp; set statement_timeout = 0; set lock_timeout = ${patienceMs}`,
      );
      for (const file of files) {
        const reason = await applyFile(tx, file, schema);
        if (reason !== undefined) {
          postponed.push(later(file, reason));
          break;
        }
        await record(tx, file);
        applied.push(file.name);
      }
    } finally {
      await tx.script(
        `reset lock_timeout; reset statement_timeout; reset search_path;
        select pg_advisory_unlock(hashtextextended('rhythm online ${schema}', 0))`,
      );
      await tx.script("begin");
    }
  }).catch((error) => {
    // The driver reports it again.
    if (postponed.length === 0 || !isLockConflict(error)) throw error;
  });
  return { applied, postponed };
}

function later({ name }: SchemaFile, reason: string): string {
  return `${name} is still to be applied, everything else is: ${reason}. Nothing needs it but speed; install again later`;
}

/** Applies a file; gives the reason if another transaction stood in the way for too long. */
async function applyFile(tx: Queryable, file: SchemaFile, schema: string): Promise<string | undefined> {
  try {
    for (const { text } of splitStatements(file.text)) {
      const index = /^create (?:unique )?index concurrently if not exists (\w+)/.exec(text)?.[1];
      if (index !== undefined) await dropInvalid(tx, index, schema);
      await tx.script(forSchema(text, schema));
    }
    return undefined;
  } catch (error) {
    if (error instanceof Error && isLockConflict(error)) return error.message;
    throw error;
  }
}

/** An index whose creation was interrupted exists and costs time, but is not used. */
async function dropInvalid(tx: Queryable, index: string, schema: string): Promise<void> {
  const [left] = await tx.query<{ name: string }>(
    `select i.indexrelid::regclass::text as name
    from pg_index as i join pg_class as c on c.oid = i.indexrelid
    where c.relname = $1 and c.relnamespace = $2::text::regnamespace and not i.indisvalid`,
    [index, `"${schema}"`],
  );
  if (left !== undefined) await tx.script(`drop index concurrently ${left.name}`);
}
