import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import postgres from "postgres";
import { NotAdoptedError, Rhythm, task } from "../../mod.ts";
import { homeProblem } from "../../src/db/calls/home.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { rhythmHere as command } from "../cli/support.ts";
import { until } from "../support/until.ts";

const mailed: string[] = [];
const mail = task({ name: "mail" }, (to: string) => {
  mailed.push(to);
  return to;
});

/** An application whose log lines are kept. */
async function open(url: string, lines: string[], environment?: string): Promise<Rhythm> {
  const line = (level: string) => (message: string, fields: object = {}): void => {
    lines.push(`${level}: ${message}${"error" in fields ? ` (${String(fields.error)})` : ""}`);
  };
  const log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  return await Rhythm.init({
    databaseUrl: url,
    tasks: [mail],
    autoMigrate: false,
    log,
    ...(environment === undefined ? {} : { environment }),
  });
}

/** A copy of a database that nobody uses, as a provider makes it. */
async function copyOf({ url, name }: TestDatabase): Promise<AsyncDisposable & { url: string }> {
  const place = new URL(url);
  place.pathname = "/postgres";
  const admin = postgres(place.href, { max: 1, onnotice: () => {} });
  const copy = `${name}_copy`;
  await until(async () => {
    await admin`select pg_terminate_backend(a.pid) from pg_stat_activity as a where a.datname = ${name}`;
    return await admin.unsafe(`create database "${copy}" template "${name}"`).then(() => true, (error) => {
      if (error.code === "55006") return false;
      throw error;
    });
  }, "a copy of the database");
  place.pathname = `/${copy}`;
  return {
    url: place.href,
    [Symbol.asyncDispose]: async () => {
      await admin.unsafe(`drop database "${copy}" with (force)`);
      await admin.end();
    },
  };
}

Deno.test({
  name: "in a copy of a database workers and ticks stand still and say why, until it is adopted",
  ignore: onEmbedded,
  fn: async () => {
    await using original = await freshDatabase();
    {
      await using rhythm = await open(original.url, [], "production");
      const worker = rhythm.worker();
      const working = worker.run();
      same(await (await rhythm.tasks.queue(mail, "first")).result({ timeout: "1m" }), "first");
      await worker.stop();
      await working;
      await rhythm.tasks.queue(mail, "second", { delay: "10ms" });
    }
    await using copy = await copyOf(original);
    const lines: string[] = [];
    {
      await using rhythm = await open(copy.url, lines);
      const worker = rhythm.worker();
      const working = worker.run();
      await until(() => lines.some((line) => line.includes("This is a copy")));
      const [waiting] = (await rhythm.executions.query({ status: "pending" })).executions;
      const [reason] = await rhythm.executions.explain(waiting!.id);
      equal(reason!.reason, "not_adopted");
      equal(mailed, ["first"]);

      const doctor = await command(["doctor", "-d", copy.url]);
      same(doctor.code, 1);
      match(doctor.out, /✘ home +This is a copy: it belongs to the database "/);
      const upgraded = await command(["adopt", "--upgraded", "-d", copy.url]);
      same(upgraded.code, 2);
      match(upgraded.err, /This is more than an upgrade/);
      const adopted = await command(["adopt", "--environment", "staging", "-d", copy.url]);
      equal([adopted.code, adopted.err], [0, ""]);
      match(adopted.out, /^Rhythm belongs to database ".+" and environment "staging" now, and runs\n$/);
      // The same worker goes on by itself.
      await until(() => mailed.length === 2);
      await worker.stop();
      await working;
    }
    {
      await using rhythm = await open(copy.url, lines, "production");
      const worker = rhythm.worker();
      const working = worker.run();
      await until(() => lines.some((line) => line.includes('this worker to "production"')));
      await worker.stop();
      await working;
      same(
        await rhythm.adopt({ environment: "production" }),
        `Rhythm belongs to database "${original.name}_copy" and environment "production" now, and runs`,
      );
      // deno-lint-ignore no-explicit-any
      await rejects(rhythm.adopt({ environment: 5 as any }), /"environment" must be a text/);
    }
    equal(mailed, ["first", "second"]);
    same(await homeProblem({ on: original.database, schema: "rhythm" }), null);
  },
});

Deno.test({
  name: "a worker's call in a copy is refused with NotAdoptedError",
  ignore: onEmbedded,
  fn: async () => {
    await using original = await freshDatabase();
    await original.database.query("select rhythm.due()");
    await original.database.query("update rhythm.home set database_name = 'another', nth = 2");
    await rejects(
      original.database.query("select rhythm.due()"),
      (error: unknown) => error instanceof NotAdoptedError && error.code === "RH011",
    );
  },
});

Deno.test({
  name: "the first calls of an installation do not wait for each other to note where it is",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const { sql } = test;
    await sql.begin(async (first) => {
      await first`select rhythm.require_home()`;
      // It has a lock timeout of 100 ms, and would fail.
      await sql`select rhythm.chores()`;
      await sql`select rhythm.due()`;
    });
    const [row] = await sql`select count(*)::integer as count from rhythm.home`;
    same(row!.count, 1);
  },
});
