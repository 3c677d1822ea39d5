import type postgres from "postgres";

/** How rows are multiplied. */
export interface Multiply {
  /** How many copies of each row. */
  readonly times: number;
  /** By how much a copy is older than the one before it: longer than it took to make the originals. */
  readonly stepMs: number;
  /** Of which executions (`where`, over `e`), if not of all: only their own rows are copied. */
  readonly where?: string;
}

/** Tables that are as small in a large installation as in a small one. */
const SMALL = ["worker", "worker_call", "schedule_entry"];

interface Column {
  table: string;
  name: string;
  type: string;
  identity: boolean;
  /** In a unique index with nothing that differs from copy to copy by itself. */
  unique: boolean;
}

/**
 * Fills the tables of an engine with copies of the rows that are there, each with ids of its own, from earlier days: what a
 * row says of others it says of their copies. It reads the catalog, so it knows no table by name but those that stay
 * small. Workers are not copied, so a lease belongs to the worker that holds the original. The owner must be a superuser.
 *
 * @param sql one connection
 * @returns how many rows each table has now
 */
export async function multiply(sql: postgres.Sql, options: Multiply): Promise<Record<string, number>> {
  const columns = await sql<Column[]>`
    select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type, a.attidentity <> '' as identity,
      exists (
        select from pg_index as i
        where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey::int[]) and not exists (
          select from pg_attribute as o
          where o.attrelid = c.oid and o.attnum = any (i.indkey::int[]) and (o.atttypid = 'uuid'::regtype or o.attidentity <> ''))) as unique
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'r' and not c.relname = any (${SMALL})
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and exists (select from pg_attribute as u where u.attrelid = c.oid and u.atttypid in ('uuid'::regtype, 'uuid[]'::regtype))
    order by c.relname, a.attnum`;
  await sql.unsafe(HELPERS);
  // Copies come in any order: nothing is checked against, or fired by, what is not there yet.
  await sql.unsafe("set session_replication_role = replica");
  for (const table of new Set(columns.map(({ table }) => table))) {
    await copy(sql, columns.filter((column) => column.table === table), options);
  }
  await sql.unsafe("set session_replication_role = default");
  const counts: Record<string, number> = {};
  for (const table of new Set(columns.map(({ table }) => table))) {
    const [row] = await sql.unsafe(`select count(*)::int as count from rhythm.${table}`);
    counts[table] = row!.count;
  }
  await sql.unsafe("drop schema multiply cascade");
  return counts;
}

async function copy(sql: postgres.Sql, columns: readonly Column[], options: Multiply): Promise<void> {
  const table = `rhythm.${columns[0]!.table}`;
  const names = columns.map(({ name }) => `"${name}"`).join(", ");
  const values = columns.map((column) => copied(column, options.stepMs)).join(", ");
  await sql.unsafe(`
    insert into ${table} (${names}) overriding system value
    select ${values}
    from generate_series(${options.times}, 1, -1) as n
    cross join (select * from ${table} as e ${only(columns, options.where)} offset 0) as s`);
  for (const { name } of columns.filter(({ identity }) => identity)) {
    await sql.unsafe(
      `select setval(pg_get_serial_sequence('${table}', '${name}'), (select coalesce(max(${name}), 1) from ${table}))`,
    );
  }
}

function only(columns: readonly Column[], where: string | undefined): string {
  if (where === undefined) return "";
  if (columns[0]!.table === "execution") return `where ${where}`;
  if (columns[0]!.table === "batch") {
    return `where e.first_id in (select e.id from rhythm.execution as e where ${where})`;
  }
  return columns.some(({ name }) => name === "execution_id")
    ? `where e.execution_id in (select e.id from rhythm.execution as e where ${where})`
    : "where false";
}

// A number that a table gives its rows is higher in a copy, and so is whatever names such a row.
function copied({ name, type, identity, unique }: Column, stepMs: number): string {
  const value = `s."${name}"`;
  if (name === "worker") return value;
  if (type === "uuid") return `multiply.older(${value}, n * ${stepMs}::bigint)`;
  if (type === "uuid[]") return `multiply.all_older(${value}, n * ${stepMs}::bigint)`;
  if (type === "json" || type === "jsonb") {
    return `multiply.in_text(${value}::text, n * ${stepMs}::bigint)::${type}`;
  }
  if (type === "bigint" && (identity || /_id$/.test(name))) return `${value} + n * 1000000::bigint`;
  if (type === "text" && unique && name !== "queue") return `${value} || '~' || n`;
  return value;
}

const HELPERS = `
  create schema multiply;
  create function multiply.older(p_id uuid, p_ms bigint) returns uuid language sql immutable strict as $$
    select (lpad(to_hex(('x' || translate(left(p_id::text, 13), '-', ''))::bit(48)::bigint - p_ms), 12, '0') || substr(p_id::text, 15))::uuid
  $$;
  create function multiply.all_older(p_ids uuid[], p_ms bigint) returns uuid[] language plpgsql immutable strict as $$
  begin
    return array(select multiply.older(i.id, p_ms) from unnest(p_ids) with ordinality as i (id, nth) order by i.nth);
  end
  $$;
  create function multiply.in_text(p_text text, p_ms bigint) returns text language plpgsql immutable strict as $$
  declare
    v_id text;
  begin
    if p_text !~ '-7[0-9a-f]{3}-' then
      return p_text;
    end if;
    for v_id in
      select distinct m[1] from regexp_matches(p_text, '([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})', 'g') as m
    loop
      p_text := replace(p_text, v_id, multiply.older(v_id::uuid, p_ms)::text);
    end loop;
    return p_text;
  end
  $$;`;
