/** What holds for the repository as a whole: releases, CI, generated files, pictures, links, the diagram of states. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { audit, checkVersion, cutChangelog, release, ReleaseError } from "../scripts/release.ts";
import { billOf, checkLicences, readDependencies } from "../scripts/sbom.ts";
import { schemaFiles } from "../src/db/schema_gen.ts";
import { supportedVersions } from "./support/binaries.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const noGit = await new Deno.Command("git", { args: ["--version"] }).output().then(() => false, () => true);
const date = "2026-11-30";
const CHANGELOG = `# Changelog

## Unreleased

- **db**: faster.

### Upgrading

Nothing to do.

## 0.1.0 (2026-11-01)

- Everything.
`;

Deno.test("cutChangelog() moves what is unreleased under the version", () => {
  const { changelog, notes } = cutChangelog(CHANGELOG, "0.2.0", date);
  assert.equal(notes, "- **db**: faster.\n\n### Upgrading\n\nNothing to do.");
  assert.equal(changelog, CHANGELOG.replace("## Unreleased\n", `## Unreleased\n\n## 0.2.0 (${date})\n`));
});

Deno.test("cutChangelog() cuts a changelog without an earlier version", () => {
  const first = "# Changelog\n\n## Unreleased\n\n- New.\n\n### Upgrading\n\nNothing to do.\n";
  assert.equal(
    cutChangelog(first, "0.1.0", date).changelog,
    first.replace("## Unreleased\n", `## Unreleased\n\n## 0.1.0 (${date})\n`),
  );
});

Deno.test("cutChangelog() refuses an empty section, and one that does not say how to upgrade", () => {
  const empty = CHANGELOG.replace(/- \*\*db[\s\S]*?(?=## 0)/, "");
  assert.throws(() => cutChangelog(empty, "0.2.0", date), /nothing under `## Unreleased`/);
  const silent = CHANGELOG.replace("### Upgrading\n\nNothing to do.\n\n", "");
  assert.throws(() => cutChangelog(silent, "0.2.0", date), /under `### Upgrading`/);
});

Deno.test("checkVersion() wants a version that is new and not lower", () => {
  checkVersion("0.1.0", "0.1.0", []);
  checkVersion("0.10.0", "0.9.0", ["v0.9.0"]);
  checkVersion("1.0.0", "1.0.0-rc.1", ["v1.0.0-rc.1"]);
  assert.throws(() => checkVersion("1.0", "0.1.0", []), /"1\.0" is not a version/);
  assert.throws(() => checkVersion("0.1.0", "0.1.0", ["v0.1.0"]), /released already/);
  assert.throws(() => checkVersion("0.9.0", "0.10.0", []), /lower than 0\.10\.0/);
  assert.throws(() => checkVersion("1.0.0-rc.2", "1.0.0", []), /lower than 1\.0\.0/);
});

Deno.test({
  name: "release() commits the version and the changelog, and tags them",
  ignore: noGit,
  fn: async () => {
    await using repository = await project();
    const { path } = repository;
    let seen = "";
    await release(path, "0.2.0", {
      date,
      verify: async () => {
        seen = await Deno.readTextFile(`${path}/deno.json`);
      },
    });
    assert.match(seen, /"version": "0\.2\.0"/, "the checks see the new version");
    assert.equal(await git(path, "log", "-1", "--format=%s"), "chore: release 0.2.0");
    assert.equal(await git(path, "status", "--porcelain"), "");
    assert.match(await git(path, "show", "v0.2.0:CHANGELOG.md"), /^## 0\.2\.0 \(2026-11-30\)$/m);
    assert.match(await git(path, "tag", "--list", "--format=%(contents)", "v0.2.0"), /### Upgrading/);
    await assert.rejects(release(path, "0.2.0", { date, verify: async () => {} }), /released already/);
  },
});

Deno.test({
  name: "release() leaves no trace when a check fails, and refuses a work tree with changes",
  ignore: noGit,
  fn: async () => {
    await using repository = await project();
    const { path } = repository;
    const before = await git(path, "rev-parse", "HEAD");
    const refused = release(path, "0.2.0", { date, verify: () => Promise.reject(new ReleaseError("no")) });
    await assert.rejects(refused, { name: "ReleaseError", message: "no" });
    assert.deepEqual(
      [
        await git(path, "status", "--porcelain"),
        await git(path, "rev-parse", "HEAD"),
        await git(path, "tag"),
      ],
      ["", before, ""],
    );
    await Deno.writeTextFile(`${path}/deno.json`, "{}");
    await assert.rejects(release(path, "0.2.0", { date, verify: async () => {} }), /work tree has changes/);
  },
});

Deno.test("CHANGELOG.md can be cut into a release", async () => {
  cutChangelog(await Deno.readTextFile(`${root}CHANGELOG.md`), "999.0.0", date);
});

Deno.test(".ci/run tests every supported version of Postgres", async () => {
  const script = await Deno.readTextFile(`${root}.ci/run`);
  const named = [...script.matchAll(/^\w+_lane=\(([\d a-z]+)\)$/gm)].flatMap(([, list]) => list!.split(" "));
  const installed = /postgresql-(\d+)/.exec(script)![1]!;
  assert.deepEqual(
    [...named, installed].filter((one) => !["pglite", "pooler"].includes(one)).map(Number).sort(),
    supportedVersions,
  );
});

Deno.test("billOf() lists every package of deno.lock with its hash and licence, and what needs it", async () => {
  const lock = JSON.parse(await Deno.readTextFile(`${root}deno.lock`));
  const dependencies = await readDependencies(root);
  const bill = billOf({ name: "@rhythm/core", version: "0.1.0", license: "MIT" }, dependencies) as {
    components: {
      name: string;
      version: string;
      hashes: { content: string }[];
      licenses: { license: { id: string } }[];
    }[];
    dependencies: { dependsOn: string[] }[];
  };
  assert.deepEqual(
    bill.components.map(({ name, version }) => `${name}@${version}`).sort(),
    Object.keys(lock.npm).map((key) => key.replace(/_.*/, "")).sort(),
  );
  for (const { name, hashes, licenses } of bill.components) {
    assert.match(hashes[0]!.content, /^[0-9a-f]{128}$/, name);
    assert.ok(licenses[0]!.license.id, name);
  }
  assert.equal(bill.dependencies[0]!.dependsOn.length, dependencies.length);
  checkLicences(dependencies);
});

Deno.test("checkLicences() refuses a licence that is unknown or asks for more than to be named", () => {
  for (const licence of ["GPL-3.0-only", "AGPL-3.0", "SEE LICENSE IN LICENSE", ""]) {
    const refused = { name: "LicenceError", message: /Cannot depend on .*: a@1\.0\.0: / };
    assert.throws(() => checkLicences([{ name: "a", version: "1.0.0", licence }]), refused, licence);
  }
});

Deno.test("audit() says what is vulnerable, and warns when the registry does not answer", async () => {
  const advisory = {
    id: 1,
    url: "https://example.org",
    title: "It leaks",
    severity: "high",
    vulnerable_versions: "*",
  };
  const asked = async (answer: unknown): Promise<string | undefined> => {
    const registry = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => Response.json(answer),
    );
    try {
      return await audit(root, { NPM_CONFIG_REGISTRY: `http://127.0.0.1:${registry.addr.port}/` });
    } finally {
      await registry.shutdown();
    }
  };
  assert.equal(await asked({}), undefined);
  await assert.rejects(asked({ postgres: [advisory] }), /known vulnerability[^]*It leaks[^]*postgres/);
  const nobody = await audit(root, { NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/" });
  assert.match(nobody!, /^The dependencies were not audited: run `deno audit`/);
});

Deno.test("GitHub's workflows run .ci/run", async () => {
  for (const name of ["ci", "release"]) {
    const workflow = await Deno.readTextFile(`${root}.github/workflows/${name}.yml`);
    assert.match(workflow, /^ +- run: \.ci\/run$/m, name);
  }
});

Deno.test(".gitattributes marks every generated file", async () => {
  const attributes = await Deno.readTextFile(`${root}.gitattributes`);
  const marked = [...attributes.matchAll(/^(\S+) .*linguist-generated=true/gm)].map(([, pattern]) =>
    pattern!
  );
  const isMarked = (path: string) =>
    marked.some((pattern) => pattern.startsWith("*") ? path.endsWith(pattern.slice(1)) : path === pattern);
  const generated = [...Deno.readDirSync(`${root}src/db`)].map(({ name }) => `src/db/${name}`).filter((
    path,
  ) => path.endsWith(".ts") && /^\/\/ Generated /.test(Deno.readTextFileSync(`${root}${path}`)));
  assert.ok(generated.length >= 2);
  assert.deepEqual(generated.filter((path) => !isMarked(path)), []);
});

Deno.test("pictures of docs/ have a title and a background, for light and dark pages", async () => {
  const pictures = [...Deno.readDirSync(`${root}docs`)].filter(({ name }) => name.endsWith(".svg"));
  assert.ok(pictures.length >= 2);
  for (const { name } of pictures) {
    const picture = await Deno.readTextFile(`${root}docs/${name}`);
    assert.match(picture, /<title[ >]/, `${name} has no title`);
    const background = /<rect[^>]*>/.exec(picture)?.[0] ?? "";
    assert.match(
      background,
      /width="(100%|759)".*fill="#[0-9a-f]{6}"/,
      `${name} begins without a background`,
    );
  }
});

Deno.test("ARCHITECTURE.md: its diagram has every status, and functions that exist", async () => {
  const page = await Deno.readTextFile(`${root}ARCHITECTURE.md`);
  const diagram = /```mermaid\n([\s\S]*?)\n```/.exec(page)![1]!;
  const shown = new Set(
    [...diagram.matchAll(/^ +(\S+) --> (\S+):/gm)].flatMap(([, from, to]) => [from!, to!]),
  );
  const told = await Deno.readTextFile(`${root}sql/views/status.sql`);
  const body = told.slice(told.indexOf("return case"), told.indexOf("end;"));
  const statuses = [...body.matchAll(/'([a-z]+)'/g)].map(([, status]) => status!);
  assert.deepEqual([...shown].filter((one) => one !== "[*]").sort(), statuses.sort());
  const names = new Set([...page.matchAll(/(?<![.\w])([a-z_]+)\(\)/g)].map(([, name]) => name!));
  const known = schemaFiles.map(({ text }) => text).join("\n");
  assert.ok(names.size > 10);
  assert.deepEqual([...names].filter((name) => !new RegExp(`\\brhythm\\.${name}\\(`).test(known)), []);
});

Deno.test("the pages at the root link to files that exist", async () => {
  const broken: string[] = [];
  for (const { name } of Deno.readDirSync(root)) {
    if (!name.endsWith(".md")) continue;
    const links = (await Deno.readTextFile(`${root}${name}`)).matchAll(
      /\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g,
    );
    for (const [, link] of links) {
      await Deno.stat(`${root}${link}`).catch(() => broken.push(`${name}: ${link}`));
    }
  }
  assert.deepEqual(broken, []);
});

async function project(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "rhythm-release-" });
  await Deno.writeTextFile(`${path}/deno.json`, '{\n  "name": "@a/b",\n  "version": "0.1.0"\n}\n');
  await Deno.writeTextFile(`${path}/CHANGELOG.md`, CHANGELOG);
  await git(path, "init", "--quiet");
  const settings = {
    "user.name": "Somebody",
    "user.email": "somebody@example.org",
    "commit.gpgsign": "false",
    "tag.gpgsign": "false",
    "core.hooksPath": "/dev/null",
  };
  for (const [name, value] of Object.entries(settings)) await git(path, "config", name, value);
  await git(path, "add", ".");
  await git(path, "commit", "--quiet", "--message", "chore: begin");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function git(path: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args, cwd: path }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}
