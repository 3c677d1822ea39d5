/** What a schema holds, object by object, so that two installations can be compared. */
import type { Database, Row } from "../../../src/db/database.ts";

const parts: Record<string, string> = {
  relations:
    `select c.relname as name, c.relkind as kind, c.relacl::text as rights, c.reloptions::text as options,
      case when c.relkind = 'v' then pg_get_viewdef(c.oid) end as text, obj_description(c.oid, 'pg_class') as comment
    from pg_class as c where c.relnamespace = $1::regnamespace`,
  columns:
    `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, a.attidentity,
      a.attgenerated, pg_get_expr(d.adbin, d.adrelid) as otherwise
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = $1::regnamespace`,
  constraints: `select c.conrelid::regclass::text as of, c.conname, pg_get_constraintdef(c.oid) as text
    from pg_constraint as c where c.connamespace = $1::regnamespace and c.contype <> 'n'`,
  indexes: `select pg_get_indexdef(c.oid) as text from pg_class as c
    where c.relnamespace = $1::regnamespace and c.relkind = 'i'`,
  routines:
    `select p.oid::regprocedure::text as identity, pg_get_functiondef(p.oid) as text, p.proacl::text as rights,
      obj_description(p.oid, 'pg_proc') as comment
    from pg_proc as p where p.pronamespace = $1::regnamespace and p.prokind in ('f', 'p')`,
  triggers:
    `select pg_get_triggerdef(t.oid) as text from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
    where c.relnamespace = $1::regnamespace and not t.tgisinternal`,
  types: `select t.typname, t.typtype, t.typacl::text as rights,
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum as e where e.enumtypid = t.oid) as labels
    from pg_type as t where t.typnamespace = $1::regnamespace`,
};

/** Every object of a schema, sorted; the schema's own name is written `rhythm`, so that two names can be compared. */
export async function catalog(database: Database, schema = "rhythm"): Promise<Record<string, string[]>> {
  const quoted = schema === "rhythm" ? schema : `"${schema}"`;
  const found: Record<string, string[]> = {};
  for (const [part, text] of Object.entries(parts)) {
    found[part] = neutral(await database.query(text, [quoted]), schema);
  }
  found.recorded = neutral(
    await database.query(`select i.file, i.kind, i.checksum from ${quoted}.installation as i
      union all select o.identity, o.kind, '' from ${quoted}.installed_object as o`),
    schema,
  );
  return found;
}

function neutral(rows: Row[], schema: string): string[] {
  const name = schema.replaceAll(/[^\w]/g, "\\$&");
  return rows.map((row) =>
    JSON.stringify(row).replaceAll(new RegExp(`(\\\\")?\\b${name}\\b(\\\\")?`, "g"), "rhythm")
  ).sort();
}
