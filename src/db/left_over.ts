import type { Queryable } from "./database.ts";
import { forSchema } from "./schema_name.ts";

/** A function, procedure or view. */
export interface Made {
  /** As `regprocedure` or `regclass` prints it, with the schema. */
  identity: string;
  /** What follows `drop`. */
  kind: string;
  /** Its name alone. */
  name: string;
  /** The checksum of the statement that made it. */
  checksum: string;
}

const objects = `
select o.identity, o.kind, o.name::text as name, o.body, o.transaction
from (
  select p.oid::regprocedure::text as identity, case p.prokind when 'p' then 'procedure' else 'function' end as kind,
    p.proname as name, p.prosrc as body, p.pronamespace as home, p.xmin as transaction
  from pg_catalog.pg_proc as p
  union all
  select c.oid::regclass::text, 'view', c.relname, null, c.relnamespace, c.xmin
  from pg_catalog.pg_class as c
  where c.relkind = 'v'
) as o
where o.home = :'schema'::regnamespace`;

/** The functions and views that this transaction made or touched. A file that grants rights touches those of others. */
export const madeHere = `${objects} and o.transaction::text = (pg_catalog.txid_current() & 4294967295)::text`;

/** Those of the functions and views with these names that this transaction made. */
export async function madeNow(
  tx: Queryable,
  names: ReadonlyMap<string, string>,
  schema: string,
): Promise<Made[]> {
  if (names.size === 0) return [];
  const rows = await tx.query<Omit<Made, "checksum">>(
    forSchema(`${madeHere} and o.name in (select jsonb_array_elements_text($1::jsonb))`, schema),
    [JSON.stringify([...names.keys()])],
  );
  return rows.map(({ identity, kind, name }) => ({ identity, kind, name, checksum: names.get(name)! }));
}

/** A function or view of an earlier installation, as it is now. */
export interface Standing extends Made {
  /** What its body is now; null for a view. */
  body: string | null;
}

/** What earlier installations made and what is still there, by name. */
export async function standing(tx: Queryable, schema: string): Promise<Map<string, Standing>> {
  const rows = await tx.query<Standing>(
    forSchema(
      `select o.identity, o.kind, o.name, o.body, i.checksum
      from (${objects}) as o
      join rhythm.installed_object as i on i.identity = o.identity and i.kind = o.kind`,
      schema,
    ),
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/** Drops what an older library's behaviour made and this one's no longer makes. */
export async function dropLeftOver(tx: Queryable, schema: string, made: readonly Made[]): Promise<void> {
  await tx.script(
    forSchema(dropOthers, schema).replace(":made", () => JSON.stringify(made.map((one) => one.identity))),
  );
  await tx.query(
    forSchema(
      `insert into rhythm.installed_object as o (identity, kind, checksum)
      select m.identity, m.kind, m.checksum from jsonb_to_recordset($1::jsonb) as m (identity text, kind text, checksum text)
      on conflict (identity) do update set kind = excluded.kind, checksum = excluded.checksum
      where (o.kind, o.checksum) <> (excluded.kind, excluded.checksum)`,
      schema,
    ),
    [JSON.stringify(made)],
  );
}

/** Objects that depend on others are dropped first: each round drops what it can, until nothing is left. */
const dropOthers = `
do $drop$
declare
  v_object record;
  v_blocked text;
  v_dropped boolean;
begin
  loop
    v_dropped := false;
    v_blocked := null;
    for v_object in
      select o.identity, o.kind
      from rhythm.installed_object as o
      where o.identity not in (select jsonb_array_elements_text($made$:made$made$::jsonb))
    loop
      begin
        execute format('drop %s if exists %s', v_object.kind, v_object.identity);
        delete from rhythm.installed_object as o where o.identity = v_object.identity;
        v_dropped := true;
      exception
        when dependent_objects_still_exist then
          v_blocked := format('drop %s %s', v_object.kind, v_object.identity);
      end;
    end loop;
    exit when v_blocked is null;
    if not v_dropped then
      execute v_blocked;
    end if;
  end loop;
end;
$drop$`;
