// An upgrade under the feet of those who work: it changes what changed, waits for nobody for longer than a moment, and builds
// indexes beside the work.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { connect } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { install, type InstallOptions } from "../../src/db/install.ts";
import { installScript } from "../../src/db/install_sql.ts";
import type { SchemaFile } from "../../src/db/schema_gen.ts";
import { readSchema } from "../../scripts/gen.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";
import { file, smallEngine } from "./support/files.ts";

/** Each row of the catalog that belongs to the engine, with the transaction that wrote it. */
async function versions(database: Database): Promise<Map<string, string>> {
  const rows = await database.query<{ name: string; version: string }>(`
    select 'routine ' || p.oid::regprocedure as name, p.xmin::text as version from pg_proc as p where p.pronamespace = 'rhythm'::regnamespace
    union all
    select 'relation ' || c.oid::regclass, c.oid || ' ' || c.xmin from pg_class as c
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind in ('r', 'v', 'S')
    union all
    select 'type ' || t.oid::regtype, t.xmin::text from pg_type as t where t.typnamespace = 'rhythm'::regnamespace and t.typtype = 'c'
    union all
    select 'schema', n.xmin::text from pg_namespace as n where n.nspname = 'rhythm'
    union all
    select distinct 'comment ' || pg_describe_object(d.classoid, d.objoid, d.objsubid), d.xmin::text from pg_description as d
    where pg_describe_object(d.classoid, d.objoid, d.objsubid) like '%rhythm%'`);
  return new Map(rows.map(({ name, version }) => [name, version]));
}

function edited(files: SchemaFile[], name: string, change: (text: string) => string): SchemaFile[] {
  return files.map((one) => {
    if (one.name !== name) return one;
    const text = change(one.text);
    assert.notEqual(text, one.text);
    return { ...file(name, text), kind: one.kind };
  });
}

Deno.test("install() of a newer version writes no function, view, right or comment that did not change", async () => {
  await using test = await freshDatabase();
  const files = await readSchema();
  const before = await versions(test.database);
  assert.ok(before.size > 800);
  let newer = edited(files, "roles/roles.sql", (text) => `${text}\n-- edited`);
  await install(test.database, { files: newer });
  assert.deepEqual(await versions(test.database), before);

  newer = edited(
    newer,
    "create/ids.sql",
    (text) => text.replace("return :'schema' || '_'", "return :'schema' || ('_')"),
  );
  newer = edited(
    newer,
    "views/executions.sql",
    (text) => text.replace("from rhythm.log_line as l", "from rhythm.log_line l"),
  );
  newer = edited(
    newer,
    "install/comments.sql",
    (text) => text.replace("Higher comes first.", "The higher comes first."),
  );
  await install(test.database, { files: newer });
  const after = await versions(test.database);
  const changed = [...after].filter(([name, version]) => before.get(name) !== version).map(([name]) => name);
  assert.deepEqual(
    changed.filter((name) => !name.includes("rhythm.logs") && !/(column|view) .*\blogs\b/.test(name)).sort(),
    ["comment column priority of view rhythm.executions", "routine rhythm.channel(text)"],
  );
  assert.ok(changed.includes("relation rhythm.logs"));
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
});

Deno.test("install() makes again what somebody changed or dropped by hand, as soon as it applies anything", async () => {
  await using test = await freshDatabase();
  await test.database.script(`
    create or replace function rhythm.channel(p_kind text) returns text language sql immutable as 'select ''mine''';
    drop view rhythm.logs;
    drop function rhythm.cron_job_name();`);
  await install(test.database, {
    files: edited(await readSchema(), "roles/roles.sql", (text) => `${text}\n-- edited`),
  });
  const [row] = await test.database.query(
    "select rhythm.channel('x') as channel, rhythm.cron_job_name() is not null as there, (select count(*)::integer from rhythm.logs) as logs",
  );
  assert.deepEqual(row, { channel: "rhythm_x", there: true, logs: 0 });
  const [rights] = await test.database.query(
    `select obj_description('rhythm.logs'::regclass, 'pg_class') is not null as comment,
      has_table_privilege('rhythm_viewer', 'rhythm.logs', 'select') as may`,
  );
  assert.deepEqual(rights, { comment: true, may: true });
});

Deno.test("install() leaves a function alone that makes room for itself, as long as it is the same", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const small = await smallEngine();
  const text = `drop function if exists rhythm.count_things();\n${small[2]!.text}`;
  const files = [...small.slice(0, 2), file("things/things.sql", text)];
  await install(test.database, { files });
  const before = await versions(test.database);
  await install(test.database, { files: edited(files, "things/things.sql", (text) => `${text}\n-- edited`) });
  assert.deepEqual(await versions(test.database), before);
  await install(test.database, {
    files: edited(files, "things/things.sql", (text) => text.replace("returns bigint", "returns numeric")),
  });
  const [row] = await test.database.query("select pg_typeof(rhythm.count_things())::text as type");
  assert.equal(row!.type, "numeric");
});

Deno.test("install() over what the script of installSql() made replaces nothing", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = await readSchema();
  await test.database.script(
    installScript(files, "rhythm").replace(/^begin;$/m, "").replace(/^commit;$/m, ""),
  );
  const before = await versions(test.database);
  await install(test.database, { files: edited(files, "roles/roles.sql", (text) => `${text}\n-- edited`) });
  assert.deepEqual(await versions(test.database), before);
});

/** Sessions that read and write a table without a pause; and the longest that one of them waited. */
function crowd(test: TestDatabase): { stop: () => Promise<number> } & AsyncDisposable {
  let longest = 0;
  let going = true;
  const work = Array.from({ length: 3 }, async (_, nth) => {
    for (let n = 0; going; n++) {
      const start = performance.now();
      await test.sql`insert into rhythm.thing (id, label) values (${nth * 1_000_000 + n + 1000}, 'x')`;
      await test.sql`select rhythm.count_things()`;
      longest = Math.max(longest, performance.now() - start);
    }
  });
  const stop = async (): Promise<number> => {
    going = false;
    await Promise.all(work);
    return longest;
  };
  return {
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

/** A transaction of an application, open until it is told to end. */
async function openTransaction(test: TestDatabase, statement: string): Promise<() => Promise<unknown>> {
  let end = (): void => {};
  const closing = new Promise<void>((resolve) => end = resolve);
  const begun = Promise.withResolvers<void>();
  const over = test.sql.begin(async (tx: postgres.TransactionSql) => {
    await tx.unsafe(statement);
    begun.resolve();
    await closing;
  });
  // A test that fails drops the database under it.
  over.catch(() => {});
  await begun.promise;
  return () => {
    end();
    return over;
  };
}

async function withThing(test: TestDatabase, options: InstallOptions = {}): Promise<SchemaFile[]> {
  const files = await smallEngine();
  await install(test.database, { files, ...options });
  await test.database.query(
    "insert into rhythm.thing (id, label) select n, 'x' from generate_series(1, 100) as n",
  );
  return files;
}

Deno.test({
  name:
    "install() of changed functions does not wait for a transaction that holds rows and has read everything",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const files = await withThing(test);
    const end = await openTransaction(
      test,
      "select * from rhythm.things; select * from rhythm.thing for update",
    );
    const newer = edited(files, "things/things.sql", (text) => text.replace("count(*)", "count(1)"));
    assert.deepEqual((await install(test.database, { files: newer, patienceMs: 0 })).applied, [
      "things/things.sql",
    ]);
    await end();
  },
});

Deno.test({
  name:
    "install() of structure waits for a lock a moment at a time: nobody behind it waits for longer, and it says who holds it",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const files = [
      ...await withThing(test),
      file("structure/020_colour.sql", "alter table rhythm.thing add column colour text;"),
    ];
    const end = await openTransaction(test, "select * from rhythm.thing where id = 1 for update");
    await using busy = crowd(test);
    await assert.rejects(
      install(test.database, { files, version: "9.9.9", patienceMs: 3_000 }),
      (error: unknown) => {
        const { code, message } = error as Error & { code: string };
        assert.equal(code, "DATABASE_BUSY");
        assert.match(
          message,
          /^Cannot install Rhythm 9\.9\.9 into schema "rhythm": other transactions held locks on its tables or views for 3 seconds: process \d+ of "\w+" holds "thing" for \d+ s\. Nothing was changed\. Wait/,
        );
        return true;
      },
    );
    // It waits 100 ms at a time; a slow machine is given more.
    assert.ok(await busy.stop() < 2_500);

    const installing = install(test.database, { files, version: "9.9.9" });
    await until(async () =>
      (await test.sql`select from pg_locks as l where not l.granted and l.mode = 'AccessExclusiveLock'
        and l.database = (select d.oid from pg_database as d where d.datname = current_database())`).length >
        0
    );
    await end();
    assert.deepEqual((await installing).applied, ["structure/020_colour.sql", "things/things.sql"]);
  },
});

const index = `-- Online: an index beside the work.
create index concurrently if not exists thing_label on rhythm.thing (label);
comment on index rhythm.thing_label is 'Finds things by their label.';`;

function withIndex(files: SchemaFile[]): SchemaFile[] {
  const online: SchemaFile = { ...file("structure/030_label.sql", index), kind: "online" };
  return [...files.slice(0, 2), online, ...files.slice(2)];
}

async function indexState(database: Database): Promise<string> {
  const [row] = await database.query<{ state: string }>(
    `select coalesce((
      select case when i.indisvalid then 'valid' else 'invalid' end from pg_index as i where i.indexrelid = to_regclass('rhythm.thing_label')
    ), 'absent') as state`,
  );
  return row!.state;
}

Deno.test("install() applies online structure with the rest where nobody works yet, and once", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = withIndex(await smallEngine());
  assert.deepEqual((await install(test.database, { files })).applied, files.map(({ name }) => name));
  assert.equal(await indexState(test.database), "valid");
  assert.deepEqual((await install(test.database, { files })).applied, []);
});

Deno.test("install() of a newer version applies online structure after the rest", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = withIndex(await withThing(test));
  const { applied } = await install(test.database, { files });
  assert.deepEqual(applied, ["structure/030_label.sql"]);
  assert.equal(await indexState(test.database), "valid");
  const [row] = await test.database.query<{ comment: string }>(
    "select obj_description('rhythm.thing_label'::regclass, 'pg_class') as comment",
  );
  assert.equal(row!.comment, "Finds things by their label.");
  assert.deepEqual(await install(test.database, { files }), { applied: [], skipped: [] });
});

Deno.test({
  name:
    "install() builds an index beside the work, by one of those who install, and postpones it for an open transaction",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const files = withIndex(await withThing(test));
    const end = await openTransaction(test, "update rhythm.thing set label = 'y' where id = 1");
    await using busy = crowd(test);
    const first = await install(test.database, { files, patienceMs: 500 });
    assert.deepEqual(first.applied, []);
    assert.match(
      first.skipped[0]!,
      /^structure\/030_label\.sql is still to be applied, everything else is: .*lock timeout/,
    );
    assert.equal(await indexState(test.database), "invalid");

    const others = [1, 2].map(() => connect({ url: test.url, maxConnections: 1 }));
    const building = install(others[0]!, { files });
    await until(async () =>
      (await test
        .sql`select from pg_stat_activity where datname = current_database() and query like 'drop index concurrently%' and wait_event_type = 'Lock'`)
        .length > 0
    );
    assert.deepEqual(await install(others[1]!, { files }), { applied: [], skipped: [] });
    await end();
    assert.deepEqual(await building, { applied: ["structure/030_label.sql"], skipped: [] });
    assert.equal(await indexState(test.database), "valid");
    assert.ok(await busy.stop() < 2_500);
    await Promise.all(others.map((one) => one.close()));
  },
});
