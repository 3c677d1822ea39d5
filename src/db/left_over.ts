import type { Queryable } from "./database.ts";
import type { SchemaFile } from "./schema_gen.ts";
import { forSchema } from "./schema_name.ts";

/** A function, procedure or view. */
export interface Made {
  /** As `regprocedure` or `regclass` prints it, with the schema. */
  identity: string;
  /** What follows `drop`. */
  kind: string;
}

const created = /^ *create (?:or replace )?(?:function|procedure|view) rhythm\.(\w+)/gim;

/** The functions and views that this transaction made or touched. A file that grants rights touches those of others. */
export const madeHere = `
select o.identity, o.kind
from (
  select p.oid::regprocedure::text as identity, case p.prokind when 'p' then 'procedure' else 'function' end as kind,
    p.proname as name, p.pronamespace as home, p.xmin as transaction
  from pg_catalog.pg_proc as p
  union all
  select c.oid::regclass::text, 'view', c.relname, c.relnamespace, c.xmin
  from pg_catalog.pg_class as c
  where c.relkind = 'v'
) as o
where o.home = :'schema'::regnamespace and o.transaction::text = (pg_catalog.txid_current() & 4294967295)::text`;

/** The functions and views that a file of behaviour, applied just now, made: of those touched the ones it names. */
export async function madeBy(tx: Queryable, file: SchemaFile, schema: string): Promise<Made[]> {
  const names = [...file.text.matchAll(created)].map((match) => match[1]!);
  return await tx.query<Made>(forSchema(`${madeHere} and o.name = any ($1::text[])`, schema), [names]);
}

/** Drops what an older library's behaviour made and this one's no longer makes. */
export async function dropLeftOver(tx: Queryable, schema: string, made: Made[]): Promise<void> {
  await tx.script(
    forSchema(dropOthers, schema).replace(":made", () => JSON.stringify(made.map((one) => one.identity))),
  );
  await tx.query(
    forSchema(
      `insert into rhythm.installed_object (identity, kind)
      select m.identity, m.kind from jsonb_to_recordset($1::jsonb) as m (identity text, kind text)
      on conflict (identity) do update set kind = excluded.kind`,
      schema,
    ),
    [JSON.stringify(made)],
  );
}

/** What stands on another left-over goes first: a round drops what it can, until nothing is left. */
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
