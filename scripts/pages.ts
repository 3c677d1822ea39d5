import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const folder = new URL("dashboard/", root);

/** A digest of all that the pages are made of: their sources, the lock file, and this file. */
async function recipe(): Promise<string> {
  const digest = createHash("sha256");
  // The pages know the rights from where the server has them.
  const rights = new URL("src/http/rights.ts", root);
  const files = [...await filesIn(folder), rights, new URL(import.meta.url)];
  for (const file of files.sort((a, b) => a.href < b.href ? -1 : 1)) {
    digest.update(file.href.slice(root.href.length)).update("\0").update(await Deno.readFile(file)).update(
      "\0",
    );
  }
  return digest.digest("hex").slice(0, 32);
}

async function filesIn(place: URL): Promise<URL[]> {
  const files: URL[] = [];
  for await (const { name, isDirectory } of Deno.readDir(place)) {
    if (isDirectory) files.push(...await filesIn(new URL(`${name}/`, place)));
    else if (/\.(tsx?|css|json|lock|svg)$/.test(name)) files.push(new URL(name, place));
  }
  return files;
}

/**
 * The text of `src/dashboard/files_gen.ts`. What a bundler makes may differ between its versions: files that were made of the same
 * sources stay.
 *
 * @param present the text as it is
 */
export async function generatePages(present: string): Promise<string> {
  const recipeNow = await recipe();
  if (present.includes(`// Made of: ${recipeNow}\n`)) return present;
  const style = await Deno.readTextFile(new URL("style.css", folder));
  const { page, parts } = await bundle();
  const files = [
    asset("page", "js", SCRIPT, page),
    asset("style", "css", "text/css; charset=utf-8", minified(style)),
    asset("icon", "svg", "image/svg+xml", await Deno.readTextFile(new URL("icon.svg", folder))),
  ];
  const written = ({ path, type, gzip }: Asset): string =>
    `{\n    path: "${path}",\n    type: "${type}",\n    gzip: "${gzip}",\n  },\n`;
  const entries = files.map((file) => `  ${file.name}: ${written(file)}`);
  // What the page itself imports is part of the first page; the rest is loaded by what is opened.
  const first = (name: string): boolean => page.includes(`from"./${name}"`);
  const listed = (names: readonly string[]): string =>
    names.map((name) => `  ${written(packed(name, `assets/${name}`, SCRIPT, parts.get(name)!))}`).join("");
  const names = [...parts.keys()].sort();
  return `// Generated from dashboard/ by \`deno task gen\`. Do not edit.
// Made of: ${recipeNow}
// deno-fmt-ignore-file

/** A file of the pages: its path, which changes with its content, and its bytes, compressed with gzip, in Base64. */
export interface PageFile {
  /** Below the path of the dashboard. */
  readonly path: string;
  /** The media type. */
  readonly type: string;
  /** The bytes. */
  readonly gzip: string;
}

/** The script, the style sheet and the icon. */
export const files: Readonly<Record<"page" | "style" | "icon", PageFile>> = {
${entries.join("")}};

/** Scripts that the first one imports at once. */
export const firstParts: readonly PageFile[] = [
${listed(names.filter(first))}];

/** Scripts of screens that are loaded when they are opened. */
export const laterParts: readonly PageFile[] = [
${listed(names.filter((name) => !first(name)))}];
`;
}

interface Asset {
  name: string;
  path: string;
  type: string;
  gzip: string;
}

function asset(name: string, ending: string, type: string, text: string): Asset {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return packed(name, `assets/${name}-${hash}.${ending}`, type, text);
}

function packed(name: string, path: string, type: string, text: string): Asset {
  const gzip = gzipSync(text, { level: 9 });
  // The tenth byte names the system that compressed it.
  gzip[9] = 255;
  return { name, path, type, gzip: gzip.toString("base64") };
}

// The names of the parts contain a hash of what is in them.
async function bundle(): Promise<{ page: string; parts: Map<string, string> }> {
  const out = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--no-check", "--platform=browser", "--minify", "--code-splitting"],
        ...["--config", fileURLToPath(new URL("deno.json", folder)), "--frozen", "--outdir", out],
        fileURLToPath(new URL("main.tsx", folder)),
      ],
      cwd: fileURLToPath(folder),
      stderr: "piped",
      stdout: "null",
    }).output();
    if (!success) throw new Error(`The pages cannot be bundled:\n${new TextDecoder().decode(stderr)}`);
    const parts = new Map<string, string>();
    for await (const { name } of Deno.readDir(out)) {
      parts.set(name, await Deno.readTextFile(`${out}/${name}`));
    }
    const page = parts.get("main.js")!;
    parts.delete("main.js");
    return { page, parts };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

const SCRIPT = "text/javascript; charset=utf-8";

function minified(css: string): string {
  return css.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\s+/g, " ").replaceAll(/ ?([{};,>]) ?/g, "$1")
    .replaceAll(": ", ":").replaceAll(";}", "}").trim();
}
