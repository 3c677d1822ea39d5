import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { openEmbedded } from "../../src/db/embedded.ts";
import { EngineError, StatementError } from "../../src/db/errors.ts";
import { install } from "../../src/db/install.ts";
import { readSchema } from "../../scripts/gen.ts";
import { basename } from "node:path";
import { RemoteDatabase } from "../../src/db/sharing/remote.ts";
import { serveDatabase } from "../../src/db/sharing/serve.ts";
import { smallEngine } from "./support/files.ts";

Deno.test("openEmbedded() queries, with JSON, counts and arrays as a server gives them", async () => {
  const database = await openEmbedded({ dataDir: "memory://" });
  const rows = await database.query(
    "select $1::jsonb as data, $2::text[] as names, $3::bigint as count, $4::timestamptz as at",
    [JSON.stringify({ a: [1, null] }), ["x", "y"], 2 ** 40, new Date(0)],
  );
  assert.deepEqual(rows, [{ data: { a: [1, null] }, names: ["x", "y"], count: 2 ** 40, at: new Date(0) }]);
  await database.close();
});

Deno.test("openEmbedded() rolls back a transaction that rejects, and names what Postgres refuses", async () => {
  const database = await openEmbedded({ dataDir: "memory://" });
  await database.script("create table t (n integer); insert into t values (1)");
  const own = new Error("mine");
  const failed = database.transaction(async (tx) => {
    await tx.query("insert into t values (2)");
    throw own;
  });
  await assert.rejects(failed, (error) => error === own);
  assert.deepEqual(await database.query("select n from t"), [{ n: 1 }]);
  for (
    const work of [
      () => database.query("select * from nowhere"),
      () => database.script("select * from nowhere"),
      () => database.transaction((tx) => tx.script("select * from nowhere")),
    ]
  ) {
    await assert.rejects(work(), (error) => error instanceof StatementError && error.code === "42P01");
  }
  await database.close();
});

Deno.test("openEmbedded() listens on a channel with any name, until told to stop", async () => {
  const database = await openEmbedded({ dataDir: "memory://" });
  const got: string[] = [];
  const arrived = Promise.withResolvers<void>();
  let listening = 0;
  const unlisten = await database.listen("My channel-2", {
    onNotify: (payload) => {
      got.push(payload);
      arrived.resolve();
    },
    onListen: () => listening++,
  });
  await database.query("select pg_notify($1, 'one')", ["My channel-2"]);
  await arrived.promise;
  await unlisten();
  await database.query("select pg_notify($1, 'two')", ["My channel-2"]);
  assert.deepEqual({ got, listening }, { got: ["one"], listening: 1 });
  await database.close();
});

Deno.test("openEmbedded() keeps its data in a directory from one opening to the next", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "rhythm-test-embedded-" });
  try {
    const first = await openEmbedded({ dataDir });
    await install(first, { files: await smallEngine() });
    await first.query("insert into rhythm.thing (id, label) values (1, 'kept')");
    await first.close();
    const second = await openEmbedded({ dataDir });
    assert.deepEqual((await install(second, { files: await smallEngine() })).applied, []);
    assert.deepEqual(await second.query("select label from rhythm.thing"), [{ label: "kept" }]);
    await second.close();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("openEmbedded() unpacks the prepared cluster, and is not slowed down by large buffers", async () => {
  const database = await openEmbedded({ dataDir: "memory://" });
  const [row] = await database.query(
    `select current_setting('wal_segment_size') as segment, current_setting('shared_buffers') as buffers,
      current_setting('server_encoding') as encoding, (select string_agg(d.datname, ' ') from pg_database as d) as databases`,
  );
  assert.deepEqual(row, { segment: "1MB", buffers: "16MB", encoding: "UTF8", databases: "postgres" });
  await database.close();
});

Deno.test("openEmbedded() begins again where a process was killed while it unpacked the cluster", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "rhythm-embedded-" });
  try {
    await (await openEmbedded({ dataDir })).close();
    await Deno.remove(`${dataDir}/PG_VERSION`);
    await Deno.truncate(`${dataDir}/global/pg_control`);
    await Deno.remove(`${dataDir}/postgresql.conf`);
    const database = await openEmbedded({ dataDir });
    assert.deepEqual(await database.query("select 1 as one"), [{ one: 1 }]);
    await database.close();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
    await Deno.remove(`${dataDir}.lock`).catch(() => {});
  }
});

Deno.test("install() into the embedded database installs the engine, whose errors are EngineErrors", async () => {
  const database = await openEmbedded({ dataDir: "memory://" });
  await install(database, { files: await readSchema() });
  const refused = database.query("select rhythm.raise('RH404', 'There is no such thing', 'Look elsewhere')");
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof EngineError && !(error instanceof StatementError));
    assert.deepEqual([error.code, error.hint], ["RH404", "Look elsewhere"]);
    assert.equal(error.message, "There is no such thing. Look elsewhere");
    return true;
  });
  await database.close();
});

Deno.test("openEmbedded() of a directory that is open in this process gives the same data; each closes its own", async () => {
  await using dir = await directory();
  const first = await openEmbedded({ dataDir: dir.path });
  const second = await openEmbedded({ dataDir: `${dir.path}/../${basename(dir.path)}` });
  await first.script("create table t (word text); insert into t values ('one')");
  await first.close();
  assert.deepEqual(await second.query("select word from t"), [{ word: "one" }]);
  await second.close();
  await (await openEmbedded({ dataDir: dir.path })).close();
});

Deno.test("openEmbedded() of a directory that another process has goes through that one, for every call, and outlives it", async () => {
  await using dir = await directory();
  const first = await openEmbedded({ dataDir: dir.path });
  await first.script("create table t (word text)");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("fixtures/second_user.ts", import.meta.url).pathname, dir.path],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const said = linesOf(child.stdout);
  const next = async () => JSON.parse((await said.next()).value ?? "null");
  assert.deepEqual(await next(), [
    { at: "1970-01-01T00:00:00.000Z", bytes: { 0: 1, 1: 2 }, data: { a: [1, null] }, nothing: false },
  ]);
  assert.deepEqual(await next(), { name: "StatementError", code: "42703" });
  assert.equal(await next(), "mine");
  assert.equal(await next(), "listening");
  assert.deepEqual(await first.query("select word from t"), [{ word: "kept" }]);
  await first.query("select pg_notify('My channel-2', 'one')");
  assert.deepEqual(await next(), { payload: "one" });
  await first.close();
  assert.equal(await next(), "listening", "it listens again by itself");
  await input.write(new TextEncoder().encode("\n"));
  assert.deepEqual(await next(), [{ word: "kept" }]);
  assert.deepEqual(await next(), { payload: "two" });
  // Now the other one is the first.
  const again = await openEmbedded({ dataDir: dir.path });
  assert.deepEqual(await again.query("select word from t"), [{ word: "kept" }]);
  await input.write(new TextEncoder().encode("\n"));
  assert.equal((await child.status).code, 0);
  await input.close().catch(() => {});
  assert.deepEqual(await again.query("select word from t"), [{ word: "kept" }]);
  await again.close();
  await said.return(undefined);
});

/** A process that has the directory open. */
async function owner(dir: string): Promise<{ child: Deno.ChildProcess; tell(word: string): Promise<void> }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("fixtures/passing_owner.ts", import.meta.url).pathname, dir],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const said = linesOf(child.stdout);
  assert.equal((await said.next()).value, "open");
  await said.return(undefined);
  const input = child.stdin.getWriter();
  return {
    child,
    tell: async (word) => {
      await input.write(new TextEncoder().encode(word));
      await input.close();
    },
  };
}

Deno.test("openEmbedded() goes on without an error where the process that has the directory closes it in the middle", async () => {
  await using dir = await directory();
  const first = await owner(dir.path);
  const database = await openEmbedded({ dataDir: dir.path });
  let written = 0;
  let last = Infinity;
  const write = async (nth: number): Promise<void> => {
    while (written < last) {
      if (nth % 2 === 0) await database.query("insert into t values ('one')");
      else await database.transaction((tx) => tx.query("insert into t values ('two')"));
      written++;
    }
  };
  const writers = [1, 2, 3, 4].map(write);
  // Requests of all kinds are under way when it ends, and everybody goes on for a while.
  while (written < 20) await Promise.race([...writers, database.query("select 1")]);
  await first.tell("close");
  assert.equal((await first.child.status).code, 0);
  last = written + 20;
  await Promise.all(writers);
  assert.deepEqual(await database.query("select count(*)::int as n from t"), [{ n: written }]);
  await database.close();
});

Deno.test("openEmbedded() goes on without an error where the process that had the directory was killed before", async () => {
  await using dir = await directory();
  const first = await owner(dir.path);
  const database = await openEmbedded({ dataDir: dir.path });
  await database.query("insert into t values ('kept')");
  first.child.kill("SIGKILL");
  await first.child.status;
  assert.deepEqual(await database.transaction((tx) => tx.query("select word from t")), [{ word: "kept" }]);
  await database.close();
  await first.tell("").catch(() => {});
});

Deno.test("serveDatabase() reads nothing of who does not bring the token, and stays", async () => {
  await using database = await closing(openEmbedded({ dataDir: "memory://" }));
  await using served = serveDatabase(database);
  const shown = { kind: "embedded" as const, url: "embedded:elsewhere" };
  // A browser, a port scanner, another user of the machine: they are hung up on before anything they sent is read as data.
  const junk = new Uint8Array([0, 0, 0, 5, 255, 15, 111, 34, 1]);
  for (const hello of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\xff".repeat(8), "\0\0\0\0", junk]) {
    const stranger = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
    await stranger.write(typeof hello === "string" ? new TextEncoder().encode(hello) : hello);
    assert.equal(await stranger.read(new Uint8Array(10)).catch(() => null), null);
    stranger.close();
  }
  const other = await RemoteDatabase.connect(served, shown);
  assert.deepEqual(await other.query("select 1 as n"), [{ n: 1 }]);
  await other.close();
});

Deno.test("what a process began and left open in a transaction is rolled back when it goes", async () => {
  await using database = await closing(openEmbedded({ dataDir: "memory://" }));
  await database.script("create table t (word text)");
  await using served = serveDatabase(database);
  const shown = { kind: "embedded" as const, url: "embedded:elsewhere" };
  await assert.rejects(RemoteDatabase.connect({ ...served, token: "wrong" }, shown), {
    code: "DATABASE_UNAVAILABLE",
  });
  const other = await RemoteDatabase.connect(served, shown);
  const begun = Promise.withResolvers<void>();
  const left = other.transaction(async (tx) => {
    await tx.query("insert into t values ('undone')");
    begun.resolve();
    await new Promise<void>(() => {});
  });
  left.catch(() => {});
  await begun.promise;
  await other.close();
  assert.deepEqual(await database.query("select word from t"), []);
  await assert.rejects(other.query("select 1"), { code: "DATABASE_UNAVAILABLE" });
});

Deno.test("openEmbedded() lets what is due already go before a statement, which stops the process", async () => {
  const database = await openEmbedded({ dataDir: "memory://" });
  let ended = 0;
  for (let n = 0; n < 100; n++) setTimeout(() => ended++, 1);
  const due = performance.now() + 20;
  while (performance.now() < due);
  await database.query("select 1");
  assert.equal(ended, 100, "a worker settles them together");
  await database.close();
});

async function directory(): Promise<AsyncDisposable & { path: string }> {
  const home = await Deno.makeTempDir({ prefix: "rhythm-embedded-" });
  const remove = () => Deno.remove(home, { recursive: true });
  return { path: `${home}/data`, [Symbol.asyncDispose]: remove };
}

async function closing(opening: Promise<Database>): Promise<Database & AsyncDisposable> {
  const database = await opening;
  return Object.assign(database, { [Symbol.asyncDispose]: () => database.close() });
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
