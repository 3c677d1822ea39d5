import type { Queryable } from "../database.ts";
import { ask, type EngineRef } from "./engine_ref.ts";

/** The first rows of a query: every value as text, and cut. */
export interface QueryRows {
  /** The names of the columns; empty if there are no rows. */
  readonly columns: readonly string[];
  /** The rows. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Whether there are more. */
  readonly hasMore: boolean;
}

/**
 * Reads the first rows of a query. It is sent as one statement, and as the query of a cursor, so that it can be nothing else.
 *
 * @param tx a transaction that only reads
 * @param statement the query
 * @param isLate whether it has taken long enough
 */
export async function runQuery(
  tx: Queryable,
  statement: string,
  isLate: () => boolean,
): Promise<QueryRows> {
  const query = statement.trim().replace(/(\s*;)+$/, "");
  await tx.query(`declare console no scroll cursor for
    select (select pg_catalog.json_agg(e.key) from pg_catalog.json_each_text(pg_catalog.row_to_json(q)) as e) as names,
      (select pg_catalog.json_agg(pg_catalog.left(e.value, ${MOST_CHARACTERS})) from pg_catalog.json_each_text(pg_catalog.row_to_json(q)) as e) as cells
    from (
${query}
) as q`);
  let columns: string[] = [];
  const rows: (string | null)[][] = [];
  for (;;) {
    const some = await tx.query<{ names: string[] | null; cells: (string | null)[] | null }>(
      `fetch ${PIECE} from console`,
    );
    if (columns.length === 0) columns = some[0]?.names ?? [];
    rows.push(...some.map(({ cells }) => cells ?? []));
    if (some.length < PIECE) return { columns, rows, hasMore: false };
    if (rows.length >= MOST_ROWS || isLate()) return { columns, rows, hasMore: true };
  }
}

/** A view, as the console shows it. */
export interface ViewInfo {
  /** Its name, with the schema. */
  readonly name: string;
  /** What it shows. */
  readonly comment: string | null;
  /** Its columns. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly comment: string | null;
  }[];
}

/** The views of the engine. */
export async function listViews(engine: EngineRef): Promise<ViewInfo[]> {
  return await ask<ViewInfo>(
    engine,
    `select n.nspname || '.' || c.relname as name, pg_catalog.obj_description(c.oid, 'pg_class') as comment,
      (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'comment', pg_catalog.col_description(c.oid, a.attnum)) order by a.attnum)
        from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = $1::text and c.relkind = 'v' order by c.relname`,
    [engine.schema],
  );
}

const PIECE = 100;
const MOST_ROWS = 1_000;
const MOST_CHARACTERS = 2_000;
