/** The floors of the house: imports go down or stay in their room. */
import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Bottom up; rooms of one floor do not know each other. */
const floors = [
  ["shared", "runtime"],
  ["flow", "db", "define"],
  ["client", "worker", "steps"],
  ["http"],
  ["dashboard"],
  ["app"],
  ["cli", "testing"],
  ["mod"],
  ["compat"],
];

/** Packages that one room keeps to itself. */
const keepers: [specifier: RegExp, keeper: RegExp][] = [
  [/^(npm:)?(postgres|@electric-sql\/pglite)(@|\/|$)/, /^src\/db\//],
  [/^(npm:)?(@types\/)?parsimmon(@|\/|$)/, /^src\/flow\/parser\//],
];

/** What the language may not reach for: it gives the same answer in a hundred years. */
const impure = /\bDeno\.|\bDate\.now\(\)|\bMath\.random\(\)|\bperformance\.now\(\)|\bfetch\(|\bsetTimeout\(/;

/** Time, timers and chance, which come from the clock that is handed in. */
const fromClock =
  /\b(?:set|clear)(?:Timeout|Interval|Immediate)\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/;

/** Files that may name them, and why. */
const clockKeepers: [file: RegExp, reason: string][] = [
  [/^src\/runtime\/clock\.ts$/, "makes the real clock"],
  [/^src\/flow\//, "speaks of the language's own names; the test before looks for real ones"],
  [/^src\/db\/server\//, "one driver and one connection, whose life nobody simulates"],
];

/** Rooms and files that take the real clock; all others are handed one. */
const clockMakers = [
  /^src\/(app|cli|testing|runtime)\//,
  /^src\/steps\/admin\.ts$/, // opens a database, as Rhythm.init() does
  /^src\/define\/uuid\.ts$/, // newId() belongs to no application
  /^src\/db\/embedded\.ts$/, // one turn of the event loop
  /^src\/db\/sharing\//, // waits for another process of this machine
  /^src\/db\/patience\.ts$/, // pauses between two tries of an installation
];

interface Import {
  file: string;
  specifier: string;
  /** The file it leads to, from the root; undefined for a package. */
  target?: string;
}

Deno.test("imports of src/ go down, or stay in their room", async () => {
  assert.deepEqual((await imports()).flatMap(wrongArrow), []);
});

Deno.test("a package that one room keeps is imported by that room alone", async () => {
  assert.deepEqual((await imports()).flatMap(wrongPackage), []);
});

// Deno downloads everything that the lock file holds, also for whoever only wants to see the demo.
Deno.test("the product's configuration and lock file hold only what src/ imports", async () => {
  const imported = new Set(
    (await imports()).map(({ specifier }) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]),
  );
  const read = async (file: string) => JSON.parse(await Deno.readTextFile(`${root}${file}`));
  const named = Object.keys((await read("deno.json")).imports).sort();
  assert.deepEqual(named.filter((name) => !imported.has(name.replace("@types/", ""))), []);
  const locked = Object.keys((await read("deno.lock")).npm).map((key) => key.replace(/(?<=.)@.*$/, ""));
  assert.deepEqual(locked.sort(), named);
});

Deno.test("every room of src/ stands on a floor", () => {
  const known = floors.flat();
  const rooms = [...Deno.readDirSync(`${root}src`)].filter((entry) => entry.isDirectory).map((entry) =>
    entry.name
  );
  assert.deepEqual(rooms.filter((room) => !known.includes(room)), []);
});

Deno.test("src/flow asks the host for nothing that changes from run to run", async () => {
  const wrong: string[] = [];
  for (const file of await sources(`${root}src/flow`)) {
    const code = withoutComments(await Deno.readTextFile(file));
    const found = impure.exec(withoutTexts(code))?.[0];
    if (found !== undefined) wrong.push(`${relative(root, file)}: ${found}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("time, timers and chance come from the clock that is handed in", async () => {
  const wrong: string[] = [];
  for (const path of await sources(`${root}src`)) {
    const file = relative(root, path);
    if (clockKeepers.some(([keeper]) => keeper.test(file))) continue;
    const source = await Deno.readTextFile(path);
    const found = fromClock.exec(withoutTexts(withoutComments(source)))?.[0];
    if (found !== undefined) wrong.push(`${file}: ${found}`);
    const isMaker = clockMakers.some((maker) => maker.test(file));
    if (!isMaker && /\bsystemClock\b/.test(withoutComments(source))) wrong.push(`${file}: systemClock`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the rules of this test see a wrong arrow and a wrong package", () => {
  const up: Import = { file: "src/db/a.ts", specifier: "../client/b.ts", target: "src/client/b.ts" };
  const aside: Import = { file: "src/worker/a.ts", specifier: "../client/b.ts", target: "src/client/b.ts" };
  const down: Import = { file: "src/app/a.ts", specifier: "../db/b.ts", target: "src/db/b.ts" };
  assert.equal(wrongArrow(up).length, 1);
  assert.equal(wrongArrow(aside).length, 1);
  assert.equal(wrongArrow(down).length, 0);
  assert.equal(wrongPackage({ file: "src/worker/a.ts", specifier: "postgres" }).length, 1);
  assert.equal(wrongPackage({ file: "src/db/a.ts", specifier: "npm:postgres@3" }).length, 0);
  assert.deepEqual(specifiers('// import "x";\nimport { a } from "./a.ts";\nawait import("b");'), [
    "./a.ts",
    "b",
  ]);
});

function wrongArrow({ file, specifier, target }: Import): string[] {
  if (target === undefined) return [];
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to) return [];
  const fault = `${file} imports ${specifier}: `;
  if (to === undefined) return [`${fault}outside of src/`];
  const [above, below] = [floorOf(from), floorOf(to)];
  if (above < below) return [`${fault}"${to}" is above "${from}"`];
  return above === below ? [`${fault}"${to}" is beside "${from}"`] : [];
}

function wrongPackage({ file, specifier }: Import): string[] {
  return keepers.filter(([what, keeper]) => what.test(specifier) && !keeper.test(file))
    .map(() => `${file} imports ${specifier}`);
}

/** `src/db/install.ts` is in `db`, `mod.ts` in `mod`. */
function roomOf(file: string): string | undefined {
  return file === "mod.ts" ? "mod" : /^src\/(\w+)\//.exec(file)?.[1];
}

function floorOf(room: string | undefined): number {
  return floors.findIndex((rooms) => room !== undefined && rooms.includes(room));
}

async function imports(): Promise<Import[]> {
  const found: Import[] = [];
  for (const path of [`${root}mod.ts`, ...await sources(`${root}src`)]) {
    const file = relative(root, path);
    for (const specifier of specifiers(await Deno.readTextFile(path))) {
      const local = specifier.startsWith(".");
      const target = local ? relative(root, fileURLToPath(new URL(specifier, `file://${path}`))) : undefined;
      found.push({ file, specifier, target });
    }
  }
  assert.ok(found.length > 100, `only ${found.length} imports found`);
  return found;
}

function specifiers(source: string): string[] {
  const pattern =
    /(?:^|[;\n}])\s*(?:import|export)\b[^"'`;()]*?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/g;
  return [...withoutComments(source).matchAll(pattern)].map((match) => (match[1] ?? match[2])!);
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

function withoutTexts(code: string): string {
  return code.replace(/"(?:[^"\\\n]|\\.)*"/g, '""').replace(/`(?:[^`\\]|\\.)*`/g, "``");
}

async function sources(directory: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) files.push(...await sources(path));
    else if (entry.name.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}
