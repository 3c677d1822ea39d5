/**
 * Writes `src/db/schema_gen.ts` from `sql/`, so that the published package reads no files.
 *
 *     deno task gen            write it
 *     deno task gen --check    fail if it is not what sql/ says
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { SchemaFile } from "../src/db/schema_gen.ts";

const root = new URL("../", import.meta.url);
const target = new URL("src/db/schema_gen.ts", root);

/** The files in `sql/` as they are now, in order. */
export async function readSchema(): Promise<SchemaFile[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(new URL("sql/", root))) {
    if (entry.isFile && /^\d{3}_\w+\.sql$/.test(entry.name)) names.push(entry.name);
  }
  return await Promise.all(
    names.sort().map(async (name) => {
      const text = await Deno.readTextFile(new URL(`sql/${name}`, root));
      const checksum = createHash("sha256").update(text).digest("hex");
      return {
        name,
        kind: name.startsWith("0") ? "structure" as const : "behaviour" as const,
        checksum,
        text,
      };
    }),
  );
}

/** The text of `schema_gen.ts` for the files in `sql/` as they are now. */
export async function generateSchema(): Promise<string> {
  const files = (await readSchema()).map(({ name, kind, checksum, text }) =>
    `  {\n    name: "${name}",\n    kind: "${kind}",\n    checksum: "${checksum}",\n    text: ${
      literal(text)
    },\n  },\n`
  );
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  return `// Generated from sql/ by \`deno task gen\`. Do not edit.
// deno-fmt-ignore-file

/** One file of the engine. */
export interface SchemaFile {
  /** Its name in sql/: the number is the order. */
  readonly name: string;
  /** Structure is applied once, behaviour again whenever it changed. */
  readonly kind: "structure" | "behaviour";
  /** The SHA-256 of its text, in hexadecimal. */
  readonly checksum: string;
  /** The file itself. */
  readonly text: string;
}

/** The version of the library that these files belong to. */
export const libraryVersion = "${version}";

/** The engine, in the order of installation. */
export const schemaFiles: readonly SchemaFile[] = [
${files.join("")}];
`;
}

function literal(text: string): string {
  return "`" + text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${") + "`";
}

if (import.meta.main) {
  const fresh = await generateSchema();
  if (Deno.args.includes("--check")) {
    const found = await Deno.readTextFile(target).catch(() => "");
    if (found !== fresh) {
      console.error("src/db/schema_gen.ts is not what sql/ says: run `deno task gen`");
      Deno.exit(1);
    }
  } else {
    await Deno.writeTextFile(target, fresh);
  }
}
