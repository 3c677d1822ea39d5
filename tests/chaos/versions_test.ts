// What changes under the feet of what runs: the library, and the flows.
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import { libraryVersion, schemaFiles } from "../../src/db/schema_gen.ts";
import { testApp } from "../app/support.ts";
import { onEmbedded } from "../support/database.ts";
import { Herd } from "./support/herd.ts";
import { checkEnds, mixedLoad } from "./support/load.ts";
import { until } from "../support/until.ts";

const root = new URL("../../", import.meta.url);
const flows = [new URL("./support/flows", import.meta.url)];

Deno.test({
  name:
    "workers of two versions of the library share the work, while the schema is brought up to date under them",
  ignore: onEmbedded,
  fn: async () => {
    await using next = await nextLibrary();
    await using app = await testApp({ flows });
    const { sql, url: databaseUrl } = app.database;
    await sql`create table booked (execution uuid, workflow integer, step text)`;
    await using old = new Herd({ databaseUrl });
    for (let n = 0; n < 2; n++) old.start();
    const load = mixedLoad(100);
    const ids: string[] = [];
    const start = async (from: number, to: number): Promise<void> => {
      for (const { request, signals } of load.slice(from, to)) {
        const run = await app.rhythm.executions.create(request);
        ids.push(run.id);
        for (const payload of signals) await run.signal("go", payload);
      }
    };
    await start(0, 40);
    await until(async () => (await sql`select from booked limit 1`).length > 0);

    // An application looks at something, and takes its time.
    let looked = (): void => {};
    const looking = sql.begin(async (tx) => {
      await tx`select count(*) from rhythm.executions`;
      await new Promise<void>((resolve) => looked = resolve);
    });
    await until(async () =>
      (await sql`select from pg_stat_activity where state = 'idle in transaction'`).length > 0
    );
    await using young = new Herd({ databaseUrl, script: next.script, migrate: "first" });
    young.start();
    await until(async () =>
      (await sql`select from pg_locks where not granted and relation = 'rhythm.executions'::regclass`)
        .length > 0
    );
    looked();
    await looking;
    await until(async () => {
      const [row] = await sql`select max(library_version) as version from rhythm.installation`;
      return row!.version === next.version;
    });
    await until(async () => (await sql`select from rhythm.worker`).length === 3);
    await start(40, 100);
    await Promise.all(ids.map((id) => app.rhythm.executions.wait(id, { timeout: "60s" })));
    await checkEnds(app.rhythm, sql, { load, ids });
    equal([await old.stop(), await young.stop()], [[0, 0], [0]]);
  },
});

Deno.test({
  name: "a flow that is registered anew while 100 run: they end as they began, those after it as it says now",
  fn: async () => {
    const say = task({ name: "say" }, (text: string) => text);
    await using app = await testApp({ tasks: [say] });
    const { flows, executions } = app.rhythm;
    const version = (word: string): string =>
      `const first = await Task.run("say", "${word}"); const heard = await Signal.next("go");
       return [first, heard, await Task.run("say", "${word}")]`;
    const start = async (): Promise<string[]> => {
      const request = { type: "workflow", target: "told" } as const;
      return (await executions.createMany(Array.from({ length: 100 }, () => request))).map(({ id }) => id);
    };
    await flows.register({ name: "told", source: version("old") });
    const first = app.work();
    const before = await start();
    await until(async () =>
      (await executions.query({ status: "suspended", limit: 1000 })).executions.length === 100
    );
    // Nobody holds the old program in memory any more.
    await first.stop();

    same((await flows.register({ name: "told", source: version("new") })).version, 2);
    app.work();
    const after = await start();
    for (const id of [...before, ...after]) {
      await app.rhythm.signals.send({ execution: id, name: "go", payload: id });
    }
    for (const [ids, word] of [[before, "old"], [after, "new"]] as const) {
      for (const id of ids) {
        const { status, output } = await executions.wait(id, { timeout: "60s" });
        equal([status, output], ["completed", [word, id, word]]);
      }
    }
    equal([...await app.database.database.query("select * from rhythm.check()")], []);
  },
});

/** A copy of the library that says it is newer, with a function of its engine that is not the same. */
async function nextLibrary(): Promise<{ script: string; version: string } & AsyncDisposable> {
  const home = await Deno.makeTempDir({ prefix: "rhythm-next-" });
  const version = `${Number(libraryVersion.split(".")[0]) + 1}.0.0`;
  for (const part of ["src", "mod.ts", "deno.json", "tests/chaos/support"]) {
    await Deno.mkdir(new URL(part, `file://${home}/`).pathname.replace(/[^/]+$/, ""), { recursive: true });
    const copy = new Deno.Command("cp", { args: ["-r", new URL(part, root).pathname, `${home}/${part}`] });
    same((await copy.output()).success, true);
  }
  const schema = `${home}/src/db/schema_gen.ts`;
  const text = await Deno.readTextFile(schema);
  const { checksum } = schemaFiles.find(({ name }) => name === "claim/claim.sql")!;
  const changed = text
    .replace(`libraryVersion = "${libraryVersion}"`, `libraryVersion = "${version}"`)
    .replace(checksum, "0".repeat(64))
    .replaceAll(/^begin$/gm, "begin\n  null;")
    .replaceAll(/^(create view rhythm\.\w+ as\nselect)\b/gm, "$1 all");
  same(changed.includes(`"${version}"`) && changed.includes("0".repeat(64)), true);
  same(changed.split("begin\n  null;").length > 100 && changed.includes("select all"), true);
  await Deno.writeTextFile(schema, changed);
  return {
    script: `${home}/tests/chaos/support/worker_process.ts`,
    version,
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}
