import assert from "node:assert/strict";
import { freshDatabase } from "../support/database.ts";

/** Each rule finds the objects that break it. */
const rules: Record<string, string> = {
  // Not a procedure that commits, which cannot; nor status_name(), which views have inlined: it names its operators in full.
  "every function pins its search_path, pg_temp last": `
    select p.oid::regprocedure::text as object
    from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace
      and p.proname not in ('tick_loop', 'status_name')
      and not coalesce('search_path=pg_catalog, pg_temp' = any(p.proconfig), false)`,

  "every function says what it promises in a comment": `
    select p.oid::regprocedure::text as object
    from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace
      and coalesce(length(obj_description(p.oid, 'pg_proc')), 0) < 20`,

  "every table, view, index and composite type has a comment": `
    select c.oid::regclass::text as object
    from pg_class as c
    where c.relnamespace = 'rhythm'::regnamespace
      and (c.relkind in ('r', 'v') or (c.relkind = 'i' and not exists (
        select from pg_constraint as k where k.conindid = c.oid
      )))
      and obj_description(c.oid, 'pg_class') is null
    union all
    select t.oid::regtype::text
    from pg_type as t
    join pg_class as c on c.oid = t.typrelid and c.relkind = 'c'
    where t.typnamespace = 'rhythm'::regnamespace
      and obj_description(t.oid, 'pg_type') is null`,

  "the schema, every sequence and every column of a view has a comment": `
    select n.nspname::text as object
    from pg_namespace as n
    where n.nspname = 'rhythm' and obj_description(n.oid, 'pg_namespace') is null
    union all
    select c.oid::regclass::text
    from pg_class as c
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'S' and obj_description(c.oid, 'pg_class') is null
    union all
    select format('%s.%s', c.oid::regclass, a.attname)
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'v' and col_description(c.oid, a.attnum) is null`,

  // Postgres 18 makes a constraint of every "not null".
  "every column of a table or composite type, and every constraint, has a comment": `
    select format('%s.%s', c.oid::regclass, a.attname) as object
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind in ('r', 'c') and col_description(c.oid, a.attnum) is null
    union all
    select format('%s on %s', k.conname, k.conrelid::regclass)
    from pg_constraint as k
    where k.connamespace = 'rhythm'::regnamespace and k.contype <> 'n' and obj_description(k.oid, 'pg_constraint') is null`,

  "nothing is granted to PUBLIC": `
    select p.oid::regprocedure::text as object
    from pg_proc as p
    cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
    where p.pronamespace = 'rhythm'::regnamespace and a.grantee = 0
    union all
    select c.oid::regclass::text
    from pg_class as c
    cross join aclexplode(c.relacl) as a
    where c.relnamespace = 'rhythm'::regnamespace and a.grantee = 0
    union all
    select t.oid::regtype::text
    from pg_type as t
    left join pg_class as c on c.oid = t.typrelid
    cross join aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) as a
    where t.typnamespace = 'rhythm'::regnamespace and a.grantee = 0
      and (t.typtype in ('d', 'e') or c.relkind = 'c')
    union all
    select n.nspname
    from pg_namespace as n
    cross join aclexplode(n.nspacl) as a
    where n.nspname = 'rhythm' and a.grantee = 0`,

  "no role but the owner has a right on a table": `
    select c.oid::regclass::text as object
    from pg_class as c
    cross join aclexplode(c.relacl) as a
    where c.relnamespace = 'rhythm'::regnamespace
      and c.relkind in ('r', 'S', 'p')
      and a.grantee <> c.relowner`,

  "no two functions share a name": `
    select p.proname::text as object
    from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace
    group by p.proname
    having count(*) > 1`,

  "every parameter has a name": `
    select p.oid::regprocedure::text as object
    from pg_proc as p
    cross join generate_series(1, p.pronargs) as n(nth)
    where p.pronamespace = 'rhythm'::regnamespace
      and coalesce(p.proargnames[n.nth], '') = ''`,

  "what runs with the owner's rights is on a role's surface, and only that": `
    select p.oid::regprocedure::text as object
    from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace
      and p.prosecdef <> (p.proname in (select s.name from rhythm.surface() as s(name)))`,

  "every function on a role's surface exists": `
    select s.name as object
    from rhythm.surface() as s(name)
    where not exists (
      select from pg_proc as p where p.pronamespace = 'rhythm'::regnamespace and p.proname = s.name
    )`,

  // It would call operators and casts of the caller's own types, with the owner's rights.
  "no function on a role's surface takes a value of any type": `
    select p.oid::regprocedure::text as object
    from pg_proc as p
    cross join unnest(p.proargtypes::oid[]) as a(type)
    join pg_type as t on t.oid = a.type
    where p.pronamespace = 'rhythm'::regnamespace and p.prosecdef and t.typtype = 'p'`,

  "a function that writes is declared volatile": `
    select p.oid::regprocedure::text as object
    from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace
      and p.provolatile <> 'v'
      and p.prosrc ~* '(^|\\s)(insert\\s+into|update\\s+rhythm|delete\\s+from|for\\s+update|nextval)'`,

  "every constraint but keys has a name of its own": `
    select k.conname::text as object
    from pg_constraint as k
    where k.connamespace = 'rhythm'::regnamespace
      and k.contype = 'c'
      and k.conname ~ '_check\\d*$'`,
};

for (const [rule, question] of Object.entries(rules)) {
  Deno.test(`the catalog: ${rule}`, async () => {
    await using test = await freshDatabase();
    const broken = await test.database.query<{ object: string }>(question);
    assert.deepEqual(broken.map((row) => row.object), []);
  });
}

Deno.test("the catalog: every function body is valid SQL", async () => {
  await using test = await freshDatabase();
  const functions = await test.database.query<{ name: string; definition: string }>(
    `select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as definition
    from pg_proc as p where p.pronamespace = 'rhythm'::regnamespace`,
  );
  assert.ok(functions.length > 50);
  for (const { name, definition } of functions) {
    await test.database.script(definition).catch((error) => assert.fail(`${name}: ${error.message}`));
  }
});
