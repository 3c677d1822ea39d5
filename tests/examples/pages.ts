// Pages of docs/ as programs: their snippets, run in the order in which they are read.

/** A fenced block of a page. */
interface Block {
  /** `ts`, `js`, `sql`, `sh`, `text` … */
  language: string;
  /** What follows the language: a file's name, `alone`, `output`, `wrong`. */
  note: string;
  /** What is in it. */
  text: string;
}

/** A page as a program. */
export interface Page {
  /** Files that the page shows, by name. */
  files: Record<string, string>;
  /** The snippets without a name, as one module; empty: there are none. */
  program: string;
  /** Texts that the program must print, in any order. */
  outputs: string[];
}

/** The address that pages use for a server. */
const shownUrl = /"postgres(?:ql)?:\/\/[^"]*localhost[^"]*"/g;

/**
 * Makes a program of a page:
 *
 * - `ts` blocks follow one another in one module, their imports in front; a block noted `alone` has a scope of its own;
 * - `sql` blocks are sent to the database between them;
 * - a block noted with a file's name is that file;
 * - blocks noted `wrong`, and other languages, are not run;
 * - what stands behind `// →`, and every line of a block noted `output`, must be printed.
 *
 * @param markdown the page
 */
export function readPage(markdown: string): Page {
  const page: Page = { files: {}, program: "", outputs: [] };
  const imports = new Set<string>();
  const parts: string[] = [];
  for (const { language, note, text } of blocks(markdown)) {
    if (/^[\w/-]+\.\w+$/.test(note)) page.files[note] = withUrl(text);
    else if (note === "wrong") continue;
    else if (note === "output") page.outputs.push(...text.split("\n").filter((line) => line.trim() !== ""));
    else if (language === "sql") parts.push(`await $sql.unsafe(${JSON.stringify(text)});`);
    else if (language === "ts") {
      const { head, body } = splitImports(text);
      for (const one of head) imports.add(one);
      page.outputs.push(...[...body.matchAll(/\/\/ → (.*)$/gm)].map(([, output]) => output!.trim()));
      parts.push(note === "alone" ? `await (async () => {\n${body}\n})();` : body);
    }
  }
  if (parts.length > 0) {
    page.program = [
      ...mergeImports([...imports, `import $postgres from "postgres";`]),
      `const $sql = $postgres(Deno.env.get("RHYTHM_DATABASE_URL")!, { max: 1, onnotice: () => {} });`,
      withUrl(parts.join("\n\n")),
      `await $sql.end();`,
      "",
    ].join("\n");
  }
  return page;
}

function blocks(markdown: string): Block[] {
  const fenced = /^(`{3,})(\w+)(?: (.*))?\n([\s\S]*?)\n\1$/gm;
  return [...markdown.matchAll(fenced)].map(([, , language, note, text]) => ({
    language: language!,
    note: (note ?? "").trim(),
    text: text!,
  }));
}

function splitImports(text: string): { head: string[]; body: string } {
  const pattern = /^import [\s\S]*? from "[^"]+";\n?/gm;
  return {
    head: [...text.matchAll(pattern)].map(([one]) => one.replace(/\s+/g, " ").trim()),
    body: text.replace(pattern, ""),
  };
}

/** Several imports of the same module become one, so that no name is imported twice. */
function mergeImports(lines: string[]): string[] {
  const named = new Map<string, Set<string>>();
  const others = new Set<string>();
  for (const line of lines) {
    const found = /^import \{ (.*?),? \} from "([^"]+)";$/.exec(line);
    if (found === null) others.add(line);
    else {
      const names = named.get(found[2]!) ?? new Set();
      for (const name of found[1]!.split(",")) names.add(name.trim());
      named.set(found[2]!, names);
    }
  }
  return [
    ...others,
    ...[...named].map(([from, names]) => `import { ${[...names].join(", ")} } from "${from}";`),
  ];
}

function withUrl(text: string): string {
  return text.replace(shownUrl, `Deno.env.get("RHYTHM_DATABASE_URL")!`);
}
