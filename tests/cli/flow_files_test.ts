/** The flow files that the editor of `rhythm dev` may read and write. */
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { FlowFileError, FlowFiles } from "../../src/cli/dev/flow_files.ts";

async function tree(): Promise<
  { root: string; files: FlowFiles; [Symbol.asyncDispose]: () => Promise<void> }
> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "rhythm-flow-files-" }));
  for (const folder of ["flows/deep", "flows/.git", "other"]) {
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
  }
  for (
    const [path, text] of Object.entries({
      "flows/a.flow": "return 1\n",
      "flows/deep/b.flow": "return 2\n",
      "flows/.git/c.flow": "return 3\n",
      "flows/notes.md": "secret",
      "other/secret.flow": "secret",
      "rhythm.json": "{}",
      ".env": "secret",
    })
  ) await Deno.writeTextFile(`${root}/${path}`, text);
  await Deno.symlink(`${root}/other/secret.flow`, `${root}/flows/link.flow`);
  await Deno.symlink(`${root}/other`, `${root}/flows/linked`);
  return {
    root,
    files: new FlowFiles(root, [`${root}/flows`]),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("FlowFiles lists flows of the project's places, without hidden ones and symbolic links", async () => {
  await using at = await tree();
  equal((await at.files.list()).map(({ path }) => path), ["flows/a.flow", "flows/deep/b.flow"]);
  same(await at.files.folder(), "flows");
  equal((await new FlowFiles(at.root, [`${at.root}/flows/a.flow`]).list()).map(({ path }) => path), [
    "flows/a.flow",
  ]);
});

Deno.test("FlowFiles reads and writes nothing outside of flows, whatever the path", async () => {
  await using at = await tree();
  const { root, files } = at;
  const wrong = [
    "../flows/a.flow/../../.env",
    ".env",
    "rhythm.json",
    "flows/notes.md",
    "flows/../other/secret.flow",
    "other/secret.flow",
    `${root}/other/secret.flow`,
    `${root}/flows/a.flow`,
    "/etc/passwd",
    "flows/link.flow",
    "flows/linked/secret.flow",
    "flows/linked/new.flow",
    "flows/.git/c.flow",
    "flows/.git/new.flow",
    "flows/.hidden.flow",
    "flows/a.flow\0.md",
    "flows\\..\\other\\secret.flow",
    "flows/none/new.flow",
    "flows/..flow",
    "flows/.flow",
    "%2e%2e/other/secret.flow",
    "",
    "flows",
  ];
  for (const path of wrong) {
    await rejects(files.read(path), FlowFileError, `read ${JSON.stringify(path)}`);
    await rejects(files.write(path, "x", { digest: null }), FlowFileError, `create ${JSON.stringify(path)}`);
    await rejects(files.write(path, "x", { digest: "0" }), FlowFileError, `write ${JSON.stringify(path)}`);
  }
  same(await Deno.readTextFile(`${root}/other/secret.flow`), "secret");
  equal((await Array.fromAsync(Deno.readDir(`${root}/other`))).length, 1);
  equal((await Array.fromAsync(Deno.readDir(`${root}/flows`))).map(({ name }) => name).sort(), [
    ".git",
    "a.flow",
    "deep",
    "link.flow",
    "linked",
    "notes.md",
  ]);
});

Deno.test("FlowFiles replaces a file whole, and only the text that was read", async () => {
  await using at = await tree();
  const { root, files } = at;
  const { digest, source } = await files.read("flows/a.flow");
  same(source, "return 1\n");
  same(await files.write("flows/a.flow", "return 5\n", { digest }), `${root}/flows/a.flow`);
  same(await Deno.readTextFile(`${root}/flows/a.flow`), "return 5\n");
  // Somebody else has saved it meanwhile.
  const stale = await files.write("flows/a.flow", "return 6\n", { digest }).catch((error) => error);
  equal([stale.code, await Deno.readTextFile(`${root}/flows/a.flow`)], ["FILE_CHANGED", "return 5\n"]);
  match(stale.message, /changed on disk/);
  same(
    await files.write("flows/deep/new one.flow", "return 7\n", { digest: null }),
    `${root}/flows/deep/new one.flow`,
  );
  const taken = await files.write("flows/a.flow", "", { digest: null }).catch((error) => error);
  equal([taken.code, await Deno.readTextFile(`${root}/flows/a.flow`)], ["FILE_CHANGED", "return 5\n"]);
  await rejects(files.write("flows/gone.flow", "", { digest: "0" }), { code: "NOT_FOUND" });
  // Nothing is left of what was on its way.
  equal(
    (await Array.fromAsync(Deno.readDir(`${root}/flows`))).filter(({ name }) => /[0-9a-f]{8}-/.test(name)),
    [],
  );
});
