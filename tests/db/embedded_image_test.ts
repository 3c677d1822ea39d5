// A new embedded database begins with the engine in it: read from this user's cache, or made and left there.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { dumpCluster } from "../../src/db/cluster_tar.ts";
import { startEngine } from "../../src/db/embedded_engine.ts";
import { openEmbedded } from "../../src/db/embedded.ts";
import { install } from "../../src/db/install.ts";
import { catalog } from "./support/catalog.ts";

const program = fileURLToPath(new URL("./fixtures/new_database.ts", import.meta.url));

Deno.test("a database that begins with the image is the one that install() makes", async () => {
  const fresh = await openEmbedded({ dataDir: "memory://", schema: "jobs" });
  const begun = await openEmbedded({ dataDir: "memory://", schema: "rhythm" });
  try {
    const schemas = await fresh.query("select from pg_namespace where nspname = 'rhythm'");
    assert.equal(schemas.length, 0, "a new database for another schema holds no engine");
    await install(fresh);
    assert.deepEqual((await install(begun)).applied, []);
    assert.deepEqual(await catalog(begun), await catalog(fresh));
  } finally {
    await fresh.close();
    await begun.close();
  }
});

Deno.test("an image of a directory has the database, and no files that somebody else keeps there", async () => {
  const directory = await Deno.makeTempDir({ prefix: "rhythm-image-" });
  try {
    await Deno.mkdir(`${directory}/mine`);
    await Deno.writeTextFile(`${directory}/mine/secret.txt`, "a secret");
    const engine = await startEngine(directory);
    const text = new TextDecoder("latin1").decode(await dumpCluster(engine));
    await engine.close();
    assert.equal(/secret|mine\//.test(text), false);
    assert.match(text, /\/PG_VERSION/);
    assert.equal(await Deno.readTextFile(`${directory}/mine/secret.txt`), "a secret");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a directory that was unpacked by half is unpacked again, and is for its owner only", async () => {
  const directory = await Deno.makeTempDir({ prefix: "rhythm-image-" });
  try {
    await (await openEmbedded({ dataDir: directory, schema: "rhythm" })).close();
    assert.equal((await Deno.stat(`${directory}/global`)).mode! & 0o777, 0o700);
    assert.equal((await Deno.stat(`${directory}/global/pg_control`)).mode! & 0o777, 0o600);
    await Deno.remove(`${directory}/PG_VERSION`);
    await Deno.remove(`${directory}/pg_xact`, { recursive: true });
    await Deno.truncate(`${directory}/global/pg_control`, 100);
    const again = await openEmbedded({ dataDir: directory, schema: "rhythm" });
    assert.deepEqual((await install(again)).applied, []);
    await again.close();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name:
    "the first process of a user leaves the image to later ones; a process that may not look there does without",
  // Elsewhere the place of the cache is not the test's to choose.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const cache = await Deno.makeTempDir({ prefix: "rhythm-cache-" });
    const images = (): string[] => [...Deno.readDirSync(`${cache}/rhythm/embedded`)].map(({ name }) => name);
    try {
      assert.equal(await applied(cache, ["-A"]), 0);
      const [image, ...others] = images();
      assert.deepEqual(others, []);
      assert.match(image!, /^\d+\.\d+\.\d+-[0-9a-f]{16}\.tar$/);
      const file = `${cache}/rhythm/embedded/${image}`;
      const { size } = await Deno.stat(file);
      await Deno.truncate(file, size - 1);
      assert.equal(await applied(cache, ["--allow-read", "--no-prompt"]), 0);
      assert.equal((await Deno.stat(file)).size, size - 1, "this process may not write there");
      assert.equal(await applied(cache, ["-A"]), 0);
      assert.deepEqual(
        [(await Deno.stat(file)).size, images()],
        [size, [image]],
        "a damaged image is made again",
      );
    } finally {
      await Deno.remove(cache, { recursive: true });
    }
  },
});

/** Opens a new database in a process of its own; tells how many files install() had to apply. */
async function applied(cache: string, allow: readonly string[]): Promise<number> {
  // Deno keeps its own cache where it is.
  const denoDir = Deno.env.get("DENO_DIR") ??
    `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", ...allow, program],
    env: { XDG_CACHE_HOME: cache, DENO_DIR: denoDir },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}
