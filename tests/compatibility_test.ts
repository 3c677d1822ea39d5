// docs/operate/compatibility.md: what it names exists, in the versions that it names.
import { deepStrictEqual as equal, ok } from "node:assert/strict";

const root = new URL("../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));
const page = read("docs/operate/compatibility.md");

Deno.test("docs/operate/compatibility.md names tests that are there", () => {
  const named = [...page.matchAll(/`((?:tests\/[\w/]+_test\.ts)|\.ci\/run)`/g)].map(([, path]) => path!);
  ok(named.length > 15, String(named));
  for (const path of named) ok(read(path).length > 0, path);
});

Deno.test("docs/operate/compatibility.md names the versions that the tests have", () => {
  const imports: Record<string, string> = {
    ...JSON.parse(read("deno.json")).imports,
    ...JSON.parse(read("tests/deno.json")).imports,
  };
  const packages: Record<string, string> = {
    "postgres.js": "postgres",
    "node-postgres": "pg",
    PGlite: "@electric-sql/pglite",
    Drizzle: "drizzle-orm",
    Kysely: "kysely",
    Knex: "knex",
    TypeORM: "typeorm",
    Prisma: "@prisma/adapter-pg",
  };
  const section = page.slice(page.indexOf("## Your transaction"), page.indexOf("## Runtimes"));
  const said = [...section.matchAll(/^\| ([\w.-]+)[^|]*\| ([\d.]+) \|$/gm)].map((
    [, name, version],
  ) => [name, version]);
  equal(
    said,
    Object.entries(packages).map(([name, key]) => [name, /@(\d+\.\d+)\.\d+$/.exec(imports[key]!)![1]]),
  );
});

Deno.test("docs/operate/compatibility.md names every version of Postgres that CI runs", () => {
  const script = read(".ci/run");
  const run = [...script.matchAll(/^\w+_lane=\(([\d a-z]+)\)$/gm)].flatMap(([, list]) =>
    list!.match(/\d+/g) ?? []
  );
  const section = page.slice(page.indexOf("## Postgres"), page.indexOf("| The server"));
  const said = [...section.matchAll(/^\| ([\d, ]+)/gm)].flatMap(([, list]) => list!.match(/\d+/g) ?? []);
  equal(said.toSorted(), [...run, /postgresql-(\d+)/.exec(script)![1]!].toSorted());
});
