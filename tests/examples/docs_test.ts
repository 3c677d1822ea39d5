// The guides of docs/: their snippets have types, run, and print what they say.
import assert from "node:assert/strict";
import * as core from "../../mod.ts";
import { engineCodes } from "../../src/db/engine_errors.ts";
import { CATALOGUE } from "../../src/cli/catalogue.ts";
import { completionModel } from "../../src/cli/completions/model.ts";
import { systemTerminal } from "../../src/cli/terminal.ts";
import { compileFlow } from "../../src/flow/mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { type Page, readPage } from "./pages.ts";
import { root, runProgram, startProgram } from "./support.ts";
import { navigation } from "../../site/navigation.ts";
import { slug } from "../../site/slug.ts";
import { until } from "../support/until.ts";

/** These have programs of their own that run, or what they show is tested beside what it is about. */
const elsewhere = [
  "operate/pg_cron",
  "guides/steps",
  "guides/mount",
  "reference/sql",
  "reference/flow-language",
  "reference/flow-diagnostics",
];
const everywhere = (await Array.fromAsync(markdown(`${root}docs`))).map((path) =>
  path.slice(`${root}docs/`.length, -3)
).sort();
const pages = ["README", ...everywhere.filter((name) => !elsewhere.includes(name))];
const running: string[] = [];
for (const name of pages) if (readPage(await text(name)).program !== "") running.push(name);

Deno.test("docs/: the snippets of README and guides have types", async () => {
  await using directory = await temporary();
  for (const name of pages) await writePage(readPage(await text(name)), `${directory.path}/${name}`);
  // Each of these is a program of its own, which tests/steps/docs_test.ts runs.
  const alone = [...(await text("guides/steps")).matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  assert.ok(alone.length >= 20);
  const steps = Object.fromEntries(alone.map(([, code], index) => [`${index}.ts`, code!]));
  await writePage({ files: steps, program: "", outputs: [] }, `${directory.path}/guides/steps`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", `${root}deno.json`, directory.path],
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
});

for (const name of running) {
  Deno.test({
    name: `${name}.md: its snippets run, and print what the page says`,
    ignore: onEmbedded,
    fn: async () => {
      const shown = await page(name);
      // An application installs the engine, which takes a second: the first page does.
      const engine = name === "start/getting-started" ? "absent" : "installed";
      await using db = await freshDatabase({ engine });
      await using directory = await temporary();
      await writePage(shown, directory.path);
      const worker = "worker.ts" in shown.files
        ? startProgram(`${directory.path}/worker.ts`, { url: db.url, cwd: directory.path })
        : undefined;
      await worker?.stdin.close();
      const working = worker?.output();
      const ended = await runProgram(`${directory.path}/page.ts`, { url: db.url, cwd: directory.path });
      stop(worker);
      const worked = await working;
      assert.equal(worked?.code ?? 0, 0, new TextDecoder().decode(worked?.stderr));
      assert.equal(ended.code, 0, `${ended.err}\n${ended.out}`);
      for (const expected of shown.outputs) {
        assert.ok(ended.out.includes(expected), `"${expected}" was not printed:\n${ended.out}`);
      }
      const [installed] = await db.sql`select to_regnamespace('rhythm') is not null as there`;
      if (installed!.there) assert.deepEqual([...await db.sql`select * from rhythm.check()`], []);
    },
  });
}

Deno.test({
  name: "run(): a program whose last line it is ends at SIGTERM, with exit code 0",
  ignore: onEmbedded,
  fn: async () => {
    await using db = await freshDatabase({ engine: "absent" });
    await using directory = await temporary();
    await writePage(await page("start/coming-from-python"), directory.path);
    const program = startProgram(`${directory.path}/shortest.ts`, { url: db.url, cwd: directory.path });
    await program.stdin.close();
    const ended = program.output();
    await until(async () =>
      (await db.sql`select from pg_stat_activity
        where application_name = 'rhythm worker' and datname = current_database()`).length > 0
    );
    program.kill("SIGTERM");
    const { code, stderr } = await ended;
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  },
});

Deno.test("docs/reference/errors.md: has every error class and every code", async () => {
  const shown = await text("reference/errors");
  const classes = Object.entries(core)
    .filter(([, value]) => typeof value === "function" && value.prototype instanceof core.RhythmError)
    .map(([name]) => name);
  assert.ok(classes.length > 20);
  const rooms = ["app", "client", "db", "define", "flow", "shared", "worker"];
  const codes = new Set(engineCodes);
  for (const room of rooms) {
    for (const source of await sources(`${root}src/${room}`)) {
      for (
        const [, code] of source.matchAll(/(?:code: |[(|,] )"((?:FLOW|TASK|JSON)_[A-Z_]+|[A-Z]+_[A-Z_]+)"/g)
      ) {
        codes.add(code!);
      }
    }
  }
  assert.ok(codes.size > 30);
  const own = ["CARD_REFUSED", "SOLD_OUT"]; // of examples in comments
  const missing = [...classes, ...codes].filter((name) =>
    !shown.includes(`\`${name}\``) && !own.includes(name) && !name.startsWith("RHYTHM_") // a variable's name
  );
  assert.deepEqual(missing, []);
});

Deno.test("docs/: every `js` block of the guides is a flow without errors", async () => {
  const wrong: string[] = [];
  for (const name of everywhere.filter((one) => !one.startsWith("reference/"))) {
    for (const [, source] of (await text(name)).matchAll(/^```js(?: [^\n]*)?\n([\s\S]*?)^```$/gm)) {
      const { diagnostics } = compileFlow({ name: "example.flow", source: source! });
      for (const { severity, message } of diagnostics) {
        if (severity === "error") wrong.push(`${name}.md: ${message}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("docs/: every `rhythm` command in a shell snippet or a sentence exists, and has its options", async () => {
  const model = await completionModel({ terminal: systemTerminal(), catalogue: CATALOGUE, exit: 0 });
  const optionsOf = (path: string): string[] =>
    model.filter((one) => one.path === path || one.path === `${path} list`)
      .flatMap(({ options }) => options.flatMap(({ long, short }) => [long, short ?? long]));
  const wrong: string[] = [];
  let looked = 0;
  for (const name of ["README", ...everywhere.filter((one) => one !== "reference/commands")]) {
    for (const line of commandLines(await text(name))) {
      const words = line.split(/\s+/);
      const [first = "", second = ""] = words;
      if (!/^[a-z]+$/.test(first)) continue;
      looked++;
      const path = model.find((one) => one.path === `${first} ${second}`)?.path ?? first;
      if (!model.some((one) => one.path === path)) wrong.push(`${name}.md: rhythm ${line}`);
      for (const [flag] of line.matchAll(/(?<=\s)--?[a-z][a-z-]*/g)) {
        if (!optionsOf(path).includes(flag)) wrong.push(`${name}.md: rhythm ${path} ${flag}`);
      }
    }
  }
  assert.ok(looked > 50, `found ${looked} commands`);
  assert.deepEqual(wrong, []);
});

Deno.test("docs/operate/environment.md: has every variable that the library reads, and no other", async () => {
  const read = new Set<string>();
  for (const source of await sources(`${root}src`)) {
    for (const [name] of source.matchAll(/\bRHYTHM_[A-Z_]+\b/g)) if (name !== "RHYTHM_ERROR") read.add(name);
  }
  const shown = [...(await text("operate/environment")).matchAll(/^\| `(RHYTHM_[A-Z_]+)`/gm)];
  assert.deepEqual(shown.map(([, name]) => name!).toSorted(), [...read].toSorted());
});

Deno.test("docs/: links between pages lead somewhere", async () => {
  const broken: string[] = [];
  for (const name of ["README", ...everywhere]) {
    for (
      const [, link, anchor] of prose(await text(name)).matchAll(
        /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g,
      )
    ) {
      const target = new URL(link!, `file://${pathOf(name)}`);
      const there = await Deno.stat(target).catch(() => undefined);
      if (there === undefined) broken.push(`${name}.md: ${link}`);
      else if (anchor !== undefined && !anchors(await Deno.readTextFile(target)).has(anchor)) {
        broken.push(`${name}.md: ${link}#${anchor}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("docs/: the site's navigation has every page once", () => {
  const linked = navigation.flatMap(({ items }) => items.map(({ link }) => link.replace(/^\//, "")));
  assert.deepEqual(linked.toSorted(), everywhere.filter((name) => name !== "index"));
});

/** What stands behind `rhythm` in shell snippets and in code within sentences. */
function commandLines(markdown: string): string[] {
  const shell = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, lines]) => lines!).join("\n");
  const called = [
    ...shell.matchAll(/(?<![\w/.@-])rhythm ([^|;&)\n]*)/g),
    ...markdown.matchAll(/`(?:deno task )?rhythm ([^`\n]*)`/g),
  ];
  // Neither comments nor quoted values.
  return called.map(([, line]) =>
    line!.replace(/'[^']*'|"[^"]*"/g, "…").replace(/(?:\s#|[|;&]).*$/, "").trim()
  );
}

/** What is between the fenced blocks of a page. */
function prose(markdown: string): string {
  return markdown.replace(/^(`{3,})[\s\S]*?\n\1$/gm, "").replace(/`[^`\n]*`/g, "``");
}

/** The anchors of a page's headings. */
function anchors(markdown: string): Set<string> {
  const headings = markdown.replace(/^(`{3,})[\s\S]*?\n\1$/gm, "").matchAll(/^#+ (.+)$/gm);
  return new Set([...headings].map(([, heading]) => slug(heading!)));
}

async function* markdown(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) yield* markdown(`${directory}/${name}`);
    else if (name.endsWith(".md")) yield `${directory}/${name}`;
  }
}

function stop(worker: Deno.ChildProcess | undefined): void {
  try {
    worker?.kill("SIGTERM");
  } catch { /* it ended by itself: its exit code says why */ }
}

function pathOf(name: string): string {
  return `${root}${name === "README" ? "" : "docs/"}${name}.md`;
}

async function text(name: string): Promise<string> {
  return await Deno.readTextFile(pathOf(name));
}

async function page(name: string): Promise<Page> {
  const shown = readPage(await text(name));
  assert.notEqual(shown.program, "", `${name}.md has no snippet to run`);
  return shown;
}

async function writePage({ files, program }: Page, directory: string): Promise<void> {
  for (const [name, content] of Object.entries({ ...files, "page.ts": program })) {
    const path = `${directory}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, `${content}\n`);
  }
}

async function temporary(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "rhythm-docs-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function sources(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) found.push(...await sources(`${directory}/${name}`));
    else if (name.endsWith(".ts") && name !== "schema_gen.ts") {
      found.push(await Deno.readTextFile(`${directory}/${name}`));
    }
  }
  return found;
}
