/**
 * Writes `src/db/schema_gen.ts` from `sql/`, so that the published package reads no files; `src/db/cluster_gen.ts`, with
 * which embedded databases begin; `src/dashboard/files_gen.ts` from `dashboard/`; the tables of options in `docs/reference/sql.md`, from `src/shared/options.ts`;
 * `docs/reference/catalog.md`, from the comments of the catalog; `docs/reference/commands.md`, from the help of the commands; and `docs/operate/dependencies.md`, from `deno.lock`.
 *
 *     deno task gen            write it
 *     deno task gen --check    fail if it is not what sql/ says
 *
 * @module
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { digestOf } from "../src/db/install_sql.ts";
import type { SchemaFile } from "../src/db/schema_gen.ts";
import { generateCatalog } from "./catalog.ts";
import { generateCluster } from "./cluster.ts";
import { generateCommands } from "./commands.ts";
import { generatePages } from "./pages.ts";
import { dependenciesPage, readDependencies } from "./sbom.ts";
import {
  DEBOUNCE_OPTIONS,
  type OptionEntry,
  OPTIONS,
  RETRY_OPTIONS,
  sqlName,
  THROTTLE_OPTIONS,
  UNIQUE_OPTIONS,
  wantedBy,
} from "../src/shared/options.ts";

const isCheck = Deno.args.includes("--check");
const root = new URL("../", import.meta.url);
const target = new URL("src/db/schema_gen.ts", root);
const embedded = new URL("src/db/cluster_gen.ts", root);
const pages = new URL("src/dashboard/files_gen.ts", root);
const manual = new URL("docs/reference/sql.md", root);
const catalog = new URL("docs/reference/catalog.md", root);
const commands = new URL("docs/reference/commands.md", root);
const dependencies = new URL("docs/operate/dependencies.md", root);

/** The files in `sql/` as they are now, in the order in which they are applied. */
export async function readSchema(): Promise<SchemaFile[]> {
  const files: SchemaFile[] = [];
  for await (const folder of Deno.readDir(new URL("sql/", root))) {
    if (!folder.isDirectory) continue;
    for await (const { name: file } of Deno.readDir(new URL(`sql/${folder.name}/`, root))) {
      if (!/^\w+\.sql$/.test(file)) {
        throw new Error(`sql/${folder.name}/${file} is not named like a SQL file`);
      }
      const name = `${folder.name}/${file}`;
      const text = await Deno.readTextFile(new URL(`sql/${name}`, root));
      files.push({
        name,
        kind: folder.name !== "structure"
          ? "behaviour"
          : text.startsWith("-- Online: ")
          ? "online"
          : "structure",
        checksum: createHash("sha256").update(text).digest("hex"),
        text,
      });
    }
  }
  return files.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** Structure first; then functions, which may name each other in any order; then views, comments and rights. */
function rank({ name, kind, text }: SchemaFile): number {
  if (kind !== "behaviour") return 0;
  if (name.startsWith("roles/")) return 4;
  if (name.startsWith("install/comments")) return 3;
  return /^create (or replace )?view /m.test(text) ? 2 : 1;
}

/**
 * The text of `schema_gen.ts` for the files in `sql/` as they are now.
 *
 * @param cluster the text of `cluster_gen.ts`
 */
async function generateSchema(cluster: string): Promise<string> {
  const schema = await readSchema();
  const files = schema.map(({ name, kind, checksum, text }) =>
    `  {\n    name: "${name}",\n    kind: "${kind}",\n    checksum: "${checksum}",\n    text: ${
      literal(text)
    },\n  },\n`
  );
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const recipe = /^\/\/ Recipe: (.+)$/m.exec(cluster)![1]!;
  return `// Generated from sql/ by \`deno task gen\`. Do not edit.
// deno-fmt-ignore-file

/** One file of the engine. */
export interface SchemaFile {
  /** Its path in sql/. */
  readonly name: string;
  /**
   * Structure is applied once; online structure too, after everything else and outside of a transaction; behaviour again
   * whenever it changed.
   */
  readonly kind: "structure" | "online" | "behaviour";
  /** The SHA-256 of its text, in hexadecimal. */
  readonly checksum: string;
  /** The file itself. */
  readonly text: string;
}

/** The version of the library that these files belong to. */
export const libraryVersion = "${version}";

/** How the cluster of \`cluster_gen.ts\` was made. */
export const clusterRecipe = "${recipe}";

/** A digest of an embedded database with this engine. Made beforehand, as it takes a tenth of a second. */
export const imageDigest = "${digestOf(schema, version, recipe)}";

/** The engine, in the order of installation. */
export const schemaFiles: readonly SchemaFile[] = [
${files.join("")}];
`;
}

function literal(text: string): string {
  return "`" + text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${") + "`";
}

/** A page with the tables of options as they are now, between its comments. */
export function withOptionTables(page: string): string {
  const [start, ...scopes] = ["start", "child", "schedule", "defaults"];
  const options = OPTIONS.map((entry: OptionEntry) => {
    const also = scopes.filter((scope) => (entry.in as readonly string[]).includes(scope)).map((one) =>
      PLACES[one]
    );
    const flag = /--[a-z-]+/.exec(entry.flag!)![0];
    return [
      `\`${sqlName(entry.name)}\``,
      `\`${entry.name}\``,
      `\`${flag}\``,
      also.join(", "),
      wantedBy(entry.type),
      entry.help,
    ];
  });
  const inner = (entries: readonly OptionEntry[]): string[][] =>
    entries.map((
      entry,
    ) => [`\`${sqlName(entry.name)}\``, `\`${entry.name}\``, wantedBy(entry.type), entry.help]);
  const tables: Record<string, string> = {
    options: table(
      ["SQL", "TypeScript, flows, HTTP", "CLI", `Besides a ${start}, in`, "Must be", ""],
      options,
    ),
    retry: table(["SQL, front matter", "TypeScript, flows, HTTP", "Must be", ""], inner(RETRY_OPTIONS)),
    unique: table(["SQL", "TypeScript, flows, HTTP", "Must be", ""], inner(UNIQUE_OPTIONS)),
    debounce: table(["SQL", "TypeScript, HTTP", "Must be", ""], inner(DEBOUNCE_OPTIONS)),
    throttle: table(["SQL", "TypeScript, HTTP", "Must be", ""], inner(THROTTLE_OPTIONS)),
  };
  return page.replaceAll(
    /(<!-- (options|retry|unique|debounce|throttle): made by deno task gen -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin, name, end) => `${begin}${tables[name]}${end}`,
  );
}

const PLACES: Record<string, string> = { child: "children", schedule: "schedules", defaults: "defaults" };

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |") + "\n";
  return line(heads) + `${"|---".repeat(heads.length)}|\n` + rows.map(line).join("");
}

if (import.meta.main) {
  const page = await Deno.readTextFile(manual);
  const cluster = await generateCluster(await Deno.readTextFile(embedded).catch(() => ""));
  await put(embedded, cluster, "what scripts/cluster.ts makes with this version of PGlite");
  await put(target, await generateSchema(cluster), "what sql/ and src/db/install_sql.ts say");
  await put(
    pages,
    await generatePages(await Deno.readTextFile(pages).catch(() => "")),
    "what dashboard/ says",
  );
  await put(manual, withOptionTables(page), "what src/shared/options.ts says");
  await put(commands, await generateCommands(), "what the help of the commands says");
  await put(
    dependencies,
    dependenciesPage(await readDependencies(fileURLToPath(root))),
    "what deno.lock says",
  );
  // Asking the catalog takes seconds: `tests/sql/manual_test.ts` checks this page.
  if (!isCheck) await put(catalog, await generateCatalog(await readSchema()), "what the catalog says");
}

/** Writes a file, or says that it is not what it should be. */
async function put(file: URL, text: string, source: string): Promise<void> {
  if (await Deno.readTextFile(file).catch(() => "") === text) return;
  if (!isCheck) return await Deno.writeTextFile(file, text);
  console.error(`${file.pathname} is not ${source}: run \`deno task gen\``);
  Deno.exitCode = 1;
}
