/** migrate, doctor and purge. */
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { installSql } from "../../src/db/install_sql.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { rhythmHere } from "./support.ts";

Deno.test("migrate --sql prints the installation, for the schema that was named, and asks no database", async () => {
  equal(await rhythmHere(["migrate", "--sql"]), { code: 0, out: installSql(), err: "" });
  equal(await rhythmHere(["migrate", "--sql", "--schema", "jobs"]), {
    code: 0,
    out: installSql({ schema: "jobs" }),
    err: "",
  });
});

Deno.test({
  name: "migrate installs once, and says so",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase({ engine: "absent" });
    const before = await rhythmHere(["list", "-d", database.url]);
    equal(before.code, 4);
    match(
      before.err,
      /^error: Rhythm is not installed in this database, or not up to date \(.*\)\n hint: `rhythm migrate` installs it/,
    );
    const first = await rhythmHere(["migrate", "-d", database.url]);
    equal(first.code, 0);
    match(first.out, /^schema "rhythm" is at \S+ in postgres:\/\/.*: \d+ files applied\n$/);
    const second = await rhythmHere(["migrate", "-d", database.url, "--json"]);
    equal(JSON.parse(second.out).applied, []);
    equal((await rhythmHere(["list", "-d", database.url])).code, 0);
  },
});

interface Told {
  problems: number;
  findings: { check: string; state: string; message: string; fix?: string }[];
}

async function doctor(url: string): Promise<Told & { code: number }> {
  const { code, out } = await rhythmHere(["doctor", "-d", url, "--json"]);
  return { code, ...JSON.parse(out) };
}

Deno.test({
  name: "doctor is content with a sound database, and says so line by line",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase({ engine: "absent" });
    await rhythmHere(["migrate", "-d", database.url]);
    await database.sql`select rhythm.tick()`;
    const { code, out } = await rhythmHere(["doctor", "-d", database.url]);
    equal(code, 0, out);
    const lines = out.split("\n").filter((line) => /^[✔!✘-] /.test(line)).map((line) =>
      line.split(/ +/).slice(0, 2).join(" ")
    );
    equal(lines, [
      "✔ connection",
      "✔ schema",
      "✔ rights",
      "✔ home",
      "✔ pg_cron",
      "✔ tick",
      "! workers",
      "✔ queues",
      "✔ schedules",
      "✔ failures",
      "✔ check()",
      "✔ bloat",
      "✔ vacuum",
      "✔ connections",
    ]);
    match(out, /no worker is alive: nothing runs\n +→ `rhythm worker` or `rhythm dev` runs one\n/);
    match(out, /\n1 warning\n$/);
  },
});

Deno.test({
  name: "doctor finds what is wrong, each with what to do, and ends with code 1",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase({ engine: "absent" });
    await rhythmHere(["migrate", "-d", database.url]);
    const { sql } = database;
    await sql`select rhythm.tick()`;
    await sql`update rhythm.setting set value = (now() - interval '2 hours')::text where name = 'chored_at'`;
    await sql`select rhythm.queue('x', queue => 'mail', id => rhythm.uuid7(now() - interval '10 minutes'))`;
    await sql`select rhythm.register_worker(null)`;
    await sql`update rhythm.worker set beat_at = now() - interval '1 hour'`;
    await sql`update rhythm.installation set checksum = 'old' where file = 'install/ground.sql'`;
    const { code, findings } = await doctor(database.url);
    equal(code, 1);
    const wrong = findings.filter(({ state }) => state === "problem");
    // A schema that is not up to date is the first thing to mend: nothing else is looked at.
    equal(wrong.map(({ check }) => check), ["schema"]);
    match(wrong[0]!.message, /not up to date: 1 file differs/);
    ok(wrong.every(({ fix }) => fix !== undefined));

    await rhythmHere(["migrate", "-d", database.url]);
    const again = await doctor(database.url);
    const found = again.findings.filter(({ state }) => state === "problem").map(({ check, message }) =>
      `${check}: ${message}`
    );
    equal(again.code, 1);
    match(found.join("\n"), /tick: tick\(\) ran 2 h ago: timers, delays and schedules stand still/);
    match(found.join("\n"), /workers: worker ".*" was heard 1 h ago, with 0 in flight/);
    match(
      found.join("\n"),
      /queues: queue "mail": 1 ready, the oldest for 10 m\b.*; no worker takes from it/,
    );
  },
});

Deno.test({
  name: "doctor tells a role that only looks what it may do, and what it may not see",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    const { sql, name } = database;
    const role = `${name}_looks`;
    await sql.unsafe(`create role "${role}" login; grant rhythm_viewer to "${role}"`);
    try {
      const url = new URL(database.url);
      url.username = role;
      const { findings } = await doctor(url.href);
      const told = new Map(findings.map((one) => [one.check, one]));
      equal([told.get("rights")?.state, told.get("rights")?.message], ["ok", "this role may read only"]);
      equal(findings.filter(({ state }) => state === "problem"), []);
    } finally {
      await sql.unsafe(`drop owned by "${role}"; drop role "${role}"`);
    }
  },
});

Deno.test({
  name: "doctor looks no further where Rhythm is not installed, and says how to install it",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase({ engine: "absent" });
    const { code, findings } = await doctor(database.url);
    equal(code, 1);
    equal(findings.map(({ check, state }) => [check, state]), [["connection", "ok"], ["schema", "problem"]]);
    match(findings[1]!.fix!, /rhythm migrate/);
  },
});

Deno.test({
  name: "purge --dry-run counts exactly what purge --yes removes, children with their parents",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    const { sql } = database;
    const [parent] = await sql<{ id: string }[]>`select rhythm.queue('parent', '{}') as id`;
    const [child] = await sql<{ id: string }[]>`select rhythm.queue('child', '{}', parent => ${
      parent!.id
    }) as id`;
    const [young] = await sql<{ id: string }[]>`select rhythm.queue('young', '{}') as id`;
    for (const { id } of [parent!, child!, young!]) await sql`select rhythm.cancel(${id})`;
    const refused = await rhythmHere(["purge", "--older-than", "0s", "-d", database.url]);
    equal(refused.code, 2);
    match(
      refused.err,
      /^error: purge asks before it removes anything, and nobody can be asked here\n hint: --yes/,
    );
    const dry = await rhythmHere(["purge", "--older-than", "0s", "--dry-run", "--json", "-d", database.url]);
    const { total, removed, groups } = JSON.parse(dry.out);
    equal([total, removed, groups.length], [3, 0, 3]);
    const done = await rhythmHere(["purge", "--older-than", "0s", "--yes", "--json", "-d", database.url]);
    equal(JSON.parse(done.out).removed, 3);
    const kept = await rhythmHere(["purge", "-d", database.url]);
    equal([kept.code, kept.out], [0, "no execution ended that long ago\n"]);
  },
});

Deno.test({
  name: "migrate --uninstall needs a yes, and removes the schema",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    await database.sql`select rhythm.queue('a')`;
    const args = ["migrate", "--uninstall", "-d", database.url];
    const refused = await rhythmHere(args);
    equal(refused.code, 2);
    match(refused.err, /holds 1 execution, 1 of them not over, and 0 workers\n/);
    match(
      refused.err,
      /error: --uninstall asks before it removes anything, and nobody can be asked here\n hint: --yes/,
    );
    equal((await database.sql`select from pg_namespace where nspname = 'rhythm'`).length, 1);
    const done = await rhythmHere([...args, "--yes"]);
    equal(done.code, 0);
    match(done.out, /^schema "rhythm" is removed from postgres:/);
    equal((await database.sql`select from pg_namespace where nspname = 'rhythm'`).length, 0);
    const again = await rhythmHere([...args, "--yes"]);
    equal(again.code, 1);
    match(again.err, /^error: Cannot remove Rhythm from schema "rhythm": it is not installed there\n/);
  },
});
