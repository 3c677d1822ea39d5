/**
 * Databases for tests: {@linkcode freshDatabase} gives a test one of its own in milliseconds, cloned from a template.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import postgres from "postgres";
import { connect } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { openEmbedded } from "../../src/db/embedded.ts";
import { install } from "../../src/db/install.ts";
import type { SchemaFile } from "../../src/db/schema_gen.ts";
import { readSchema } from "../../scripts/gen.ts";
import { type Cluster, findBinaries, startCluster } from "./cluster.ts";
import { Pooler } from "./pooler.ts";

/** Whether this run is on the embedded PGlite, which has one session and no server. */
export const onEmbedded: boolean = Deno.env.get("RHYTHM_TEST_PG") === "pglite";

/** A database of a test's own. */
export interface TestDatabase extends AsyncDisposable {
  /** Its connection string, for the superuser. */
  url: string;
  /** The same without a pooler: for logins of a test's own, which the pooler does not know, and for notifications. */
  direct: string;
  /** Its name. */
  name: string;
  /** Where the engine is installed. */
  schema: string;
  /** It, through our own interface. */
  database: Database;
  /** It, through postgres.js (a pool of 10); only on a server. */
  sql: postgres.Sql;
}

/** What {@linkcode freshDatabase} is to give. */
export interface FreshOptions {
  /** Whether the engine is installed. Default: installed. */
  engine?: "installed" | "absent";
  /** Whether the engine's data must be sound at the end: `check()` finds nothing. Default: sound. */
  leaves?: "sound" | "damage";
}

/** What check() found in databases of the test that runs. A test that fails for another reason says that one. */
const damage: string[] = [];

Deno.test.afterEach(() => {
  const found = damage.splice(0);
  assert.deepEqual(found, [], "check() finds the engine's data damaged at the end of the test");
});

let server: Promise<string> | undefined;

/** The superuser's connection string of the server of this run; started now when this test runs on its own. */
export function testServer(): Promise<string> {
  return server ??= (async () => {
    const url = Deno.env.get("RHYTHM_TEST_DATABASE_URL");
    if (url) return url;
    const started = (await privateCluster()).url;
    // The other files of this run find it: the environment is the process's, modules are each file's own.
    Deno.env.set("RHYTHM_TEST_DATABASE_URL", started);
    return started;
  })();
}

/** A cluster for one test alone, to be restarted and killed. */
export async function privateCluster(
  settings: string[] = [],
  files: Readonly<Record<string, string>> = {},
  parent?: string,
): Promise<Cluster> {
  const wanted = Deno.env.get("RHYTHM_TEST_PG");
  const binaries = await findBinaries(wanted === undefined || wanted === "" ? undefined : Number(wanted));
  if (binaries === undefined) {
    throw new Error("No Postgres on this machine, and none from npm for this platform");
  }
  return await startCluster(binaries, settings, files, parent);
}

/**
 * A fresh database, dropped when disposed.
 *
 * @param options whether the engine is installed in it
 */
export async function freshDatabase(options: FreshOptions = {}): Promise<TestDatabase> {
  const engine = options.engine ?? "installed";
  const isToBeSound = engine === "installed" && options.leaves !== "damage";
  if (onEmbedded) return await freshEmbedded(engine, isToBeSound);
  const base = await testServer();
  const name = `${prefix()}_${crypto.randomUUID().slice(0, 8)}`;
  const maker = await ensureMaker(base);
  const template = engine === "installed"
    ? await (maker.template ??= ensureTemplate(maker.sql, base))
    : "template1";
  await maker.sql.unsafe(`create database "${name}" template "${template}"${maker.how}`);
  const direct = onDatabase(base, name);
  const url = onDatabase(await viaPooler(base), name);
  const database = connect({ url, listenUrl: direct, maxConnections: 10 });
  const sql = postgres(direct, { max: 10, onnotice: () => {} });
  return {
    url,
    direct,
    name,
    schema: "rhythm",
    database,
    sql,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([database.close(), sql.end({ timeout: 1 })]);
      // A test may have closed or dropped what it was given: it is looked at from outside.
      const { sql: admin } = await ensureMaker(base);
      const [left] = await admin`select from pg_database where datname = ${name}`;
      const found = left && isToBeSound ? await violations(direct) : [];
      await admin.unsafe(`drop database if exists "${name}" with (force)`);
      damage.push(...found);
    },
  };
}

let pooler: Promise<Pooler> | undefined;

// RHYTHM_TEST_POOLER: the address that tests get leads to a pooler in that mode.
async function viaPooler(base: string): Promise<string> {
  const mode = Deno.env.get("RHYTHM_TEST_POOLER");
  if (mode !== "transaction" && mode !== "session") return base;
  return (await (pooler ??= Pooler.start(Number(new URL(base).port), mode))).url;
}

Deno.test.afterAll(async () => {
  await (await pooler?.catch(() => undefined))?.[Symbol.asyncDispose]();
  pooler = undefined;
});

/** What makes and drops the databases of a test file. A connection costs as much as a database: there is one. */
interface Maker {
  sql: postgres.Sql;
  /** The end of `create database`. */
  how: string;
  template?: Promise<string>;
}

const makers = new Map<string, Promise<Maker>>();

function ensureMaker(base: string): Promise<Maker> {
  let maker = makers.get(base);
  if (maker === undefined) makers.set(base, maker = makeMaker(base));
  return maker;
}

async function makeMaker(base: string): Promise<Maker> {
  const sql = postgres(base, { max: 1, onnotice: () => {}, fetch_types: false });
  const [row] = await sql`select current_setting('server_version_num')::int >= 150000 as is_choice`;
  // Copying the files takes half the time of writing each page to the log, which is what Postgres 15 and later do by themselves.
  return { sql, how: row!.is_choice ? " strategy file_copy" : "" };
}

Deno.test.afterAll(async () => {
  for (const maker of makers.values()) await (await maker.catch(() => undefined))?.sql.end({ timeout: 1 });
  makers.clear();
});

/** What check() finds in a database that still has the engine. */
async function violations(url: string): Promise<string[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, fetch_types: false });
  try {
    const [engine] =
      await sql`select from pg_proc where proname = 'check' and pronamespace = to_regnamespace('rhythm')`;
    if (engine === undefined) return [];
    const rows = await sql`select concat_ws(' ', execution_id, violation) as text from rhythm.check()`;
    return rows.map((row) => row.text);
  } finally {
    await sql.end();
  }
}

/** What the names of this run's databases begin with. */
function prefix(): string {
  return `rhythm_test_${Deno.env.get("RHYTHM_TEST_RUN") ?? Deno.pid}`;
}

function onDatabase(base: string, name: string): string {
  const url = new URL(base);
  url.pathname = `/${name}`;
  return url.href;
}

/** The template with the engine installed: made once a run by whoever comes first. */
async function ensureTemplate(admin: postgres.Sql, base: string): Promise<string> {
  const engine = await engineFiles();
  const state = createHash("sha256").update(engine.map((file) => file.checksum).join()).digest("hex").slice(
    0,
    8,
  );
  const name = `${prefix()}_template_${state}`;
  await admin`select pg_advisory_lock(hashtextextended(${name}, 0))`;
  const [found] = await admin`select from pg_database where datname = ${name}`;
  if (found === undefined) {
    await admin.unsafe(`drop database if exists "${name}_draft" with (force)`);
    await admin.unsafe(`create database "${name}_draft"`);
    const database = connect({ url: onDatabase(base, `${name}_draft`), maxConnections: 1 });
    try {
      await install(database, { files: engine });
    } finally {
      await database.close();
    }
    await renamed(admin, name);
  }
  await admin`select pg_advisory_unlock(hashtextextended(${name}, 0))`;
  return name;
}

/** The installing connection may take a moment to leave the server. */
async function renamed(admin: postgres.Sql, name: string): Promise<void> {
  for (let left = 1_000;; left--) {
    try {
      await admin.unsafe(`alter database "${name}_draft" rename to "${name}"`);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

let files: Promise<SchemaFile[]> | undefined;

/** Tests run on sql/ as it is now, whatever was generated from it last. */
function engineFiles(): Promise<SchemaFile[]> {
  return files ??= readSchema();
}

async function freshEmbedded(engine: "installed" | "absent", isToBeSound: boolean): Promise<TestDatabase> {
  const dataDir = "memory://";
  const database = engine === "absent"
    ? await openEmbedded({ dataDir })
    : await openEmbedded({ dataDir, schema: "rhythm", files: await engineFiles() });
  return {
    url: "memory://",
    direct: "memory://",
    name: "postgres",
    schema: "rhythm",
    database,
    get sql(): postgres.Sql {
      throw new Error("This test needs a server: PGlite has no connections. Give it `ignore: onEmbedded`");
    },
    async [Symbol.asyncDispose](): Promise<void> {
      // One that the test has closed is gone, and with it what could be looked at.
      const rows = isToBeSound
        ? await database.query<{ violation: string }>("select violation from rhythm.check()").catch(() => [])
        : [];
      await database.close();
      damage.push(...rows.map((row) => row.violation));
    },
  };
}
