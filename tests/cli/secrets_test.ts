// No password and no token is shown, wherever somebody looks: what the command and a worker write, the list of processes, HTTP
// answers, and the database.
import assert from "node:assert/strict";
import postgres from "postgres";
import { onEmbedded, privateCluster } from "../support/database.ts";
import { until } from "../support/until.ts";
import { Output, project, rhythmEach, start } from "./support.ts";

const password = "s3cret-passw0rd";
const token = "t0ken-nobody-may-see";

/** A server that wants the password of everybody but its owner. */
async function closedServer(): Promise<Awaited<ReturnType<typeof privateCluster>>> {
  const rules = await Deno.makeTempFile();
  await Deno.writeTextFile(
    rules,
    "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 md5\n",
  );
  try {
    const server = await privateCluster([], { "pg_hba.conf": rules });
    const sql = postgres(server.url, { max: 1, onnotice: () => {} });
    await sql.unsafe(`create role me superuser login password '${password}'`);
    await sql.end();
    return server;
  } finally {
    await Deno.remove(rules);
  }
}

/** A process and all that it started, as `ps` shows them. */
async function processes(root: number): Promise<string[]> {
  const all = await Promise.all(
    [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).map(async ({ name }) => {
      const status = await Deno.readTextFile(`/proc/${name}/status`).catch(() => "");
      const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
      return { pid: Number(name), parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), line };
    }),
  );
  const inside = (pid: number): string[] =>
    all.filter((one) => one.pid === pid).map(({ line }) => line)
      .concat(all.filter((one) => one.parent === pid).flatMap((one) => inside(one.pid)));
  return inside(root);
}

function isShown(text: string): boolean {
  return [password, encodeURIComponent(password), token].some((secret) => text.includes(secret));
}

Deno.test({
  name: "secrets: no command shows the password of its database, whatever goes wrong",
  ignore: onEmbedded,
  fn: async () => {
    await using place = await project({
      "rhythm.json": `{"databaseUrl": "postgres://me:${password}@127.0.0.1:1/none", "flow": 1}`,
    });
    const server = await closedServer();
    try {
      const at = `127.0.0.1:${server.port}`;
      const addresses = [
        `postgres://me:${password}@127.0.0.1:1/none`, // nobody listens
        `postgres://me:${password}@${at}/none`, // no such database
        `postgres://me:${password}x@${at}/postgres`, // another password
        `postgres://other:${password}@${at}/postgres`, // no such user
        `postgres://me:${password}@${at}/postgres?sslmode=require`, // no TLS
        `postgres://me:${password}@${at}/postgres`, // not installed
        `postgres://me@${at}/none?password=${password}`,
        `postgres://me:${password}@127.0.0.1:99999/none`,
        `postgres://me:a@${password}@/@${at}/none`,
        `postgres:/me:${password}@${at}/none`,
        `me:${password}@${at}/none`,
        `host=127.0.0.1 user=me password=${password}`,
      ];
      const lines = [
        ...addresses.flatMap((address) => [
          ["list", "--database", address],
          ["doctor", "--database", address],
          ["start", "f", "--json", "-d", address],
        ]),
        ...addresses.slice(3).map((address) => ["migrate", "--dry-run", "--database", address]),
        ["list"], // rhythm.json is wrong
        ["list", `--databse=${addresses[0]}`],
        ["list", "--databse", addresses[0]!],
        ["list", "--database", addresses[0]!, "--statsu", "failed"],
        [addresses[0]!],
        ["list", addresses[0]!],
        ["show", "--database"],
      ];
      const ran = await rhythmEach(lines, { cwd: place.path });
      const shown = ran.flatMap(({ out, err }, index) =>
        isShown(out + err) ? [`${lines[index]!.join(" ")}: ${out}${err}`] : []
      );
      assert.deepEqual(shown, []);
      assert.deepEqual(ran.filter(({ out, err }) => out + err === ""), [], "each says what is wrong");
    } finally {
      await server.stop();
    }
  },
});

Deno.test({
  name: "secrets: a worker shows neither password nor token: not in logs, answers, processes or the database",
  ignore: onEmbedded,
  fn: async () => {
    await using place = await project({
      "flows/broken.flow": 'await Task.run("broken", {})',
      "tasks.ts": `import { task } from "${new URL("../../mod.ts", import.meta.url).href}";
        export const broken = task({ name: "broken" }, () => { throw new Error("it broke"); });
        export const kept = task({ name: "kept", transactional: true }, async (_: unknown, { sql }) => { await sql\`select nothing\`; });`,
    });
    const server = await closedServer();
    const child = start(["worker", "--port", "0", "--log", "debug"], {
      cwd: place.path,
      env: {
        RHYTHM_DATABASE_URL: `postgres://me:${password}@127.0.0.1:${server.port}/postgres`,
        RHYTHM_TOKEN: token,
      },
    });
    const outputs = [new Output(child.stdout), new Output(child.stderr)];
    const seen: string[] = [];
    const said = (): string => outputs.map(({ text }) => text).join("\n");
    try {
      await until(() => /http:\/\/127\.0\.0\.1:\d+/.test(said()));
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said())![0];
      const ask = async (path: string, given = token, body?: string): Promise<number> => {
        const response = await fetch(`${url}${path}`, {
          method: body === undefined ? "GET" : "POST",
          headers: { authorization: `Bearer ${given}` },
          ...(body === undefined ? {} : { body }),
        });
        seen.push(await response.text(), JSON.stringify([...response.headers]));
        return response.status;
      };
      const everywhere = [
        "/health",
        "/ready",
        "/metrics",
        "/api/openapi.json",
        "/api/executions",
        "/api/workers",
      ];
      for (const path of everywhere) await ask(path);
      assert.equal(await ask("/api/executions", `${token}x`), 401);
      for (const path of ["/api/workflows/broken/start", "/api/tasks/kept/queue"]) {
        assert.equal(await ask(path, token, "{}"), 201);
      }
      const sql = postgres(server.url, { max: 1, onnotice: () => {} });
      await until(async () =>
        (await sql`select from rhythm.executions where status = 'failed'`).length === 3
      );
      for (
        const { name } of await sql`
        select c.oid::regclass::text as name from pg_class as c
        where c.relnamespace = 'rhythm'::regnamespace and c.relkind in ('r', 'v')`
      ) {
        const rows = await sql.unsafe(`select t::text as row from ${name} as t`);
        seen.push(...rows.map(({ row }) => row));
      }
      seen.push(
        ...(await sql`select concat(query, application_name) as text from pg_stat_activity`).map(({ text }) =>
          text
        ),
      );
      await sql.end();
      const shown = await processes(child.pid);
      assert.ok(shown.length > 0);
      seen.push(...shown);
      await server.halt();
      await until(async () => await ask("/ready") === 503);
      // These need no token, so they name no server, port or role either.
      for (const path of ["/health", "/ready", "/metrics"]) {
        await ask(path, "");
        const [answer] = seen.slice(-2);
        assert.doesNotMatch(answer!, new RegExp(`:${server.port}\\b|127\\.0\\.0\\.1|\\bme\\b`), path);
      }
      for (const path of everywhere) await ask(path);
      child.kill("SIGTERM");
      await child.status;
    } finally {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await Promise.all(outputs.map((output) => output.end()));
      await server.stop();
    }
    const found = [...said().split("\n"), ...seen].filter(isShown);
    assert.deepEqual(found, []);
    assert.ok(said().includes("it broke"), "the logs were read");
  },
});
