/**
 * Reads what people read (pages, comments, errors, help, comments on SQL objects) and reports sentences that are hard to read.
 *
 *     deno run -R scripts/prose.ts
 *
 * @module
 */

/** Some prose of a file: a paragraph, a cell of a table, a comment, a text. */
export interface Passage {
  /** Where it begins. */
  line: number;
  text: string;
}

/** A sentence that is hard to read. */
export interface Fault {
  line: number;
  /** What is wrong, and what to write instead. */
  message: string;
}

/** The longest sentence, in words. */
const LONGEST = 35;

/** Words and forms that slow down a reader, and what to write instead. */
const rules: [pattern: RegExp, instead: string][] = [
  [
    /\b(is|are|was|were) (not )?to (be|do|go|have|run|end|hold|take|give|wait|come|clean|reach|begin|stop|start)\b(?<!\b(job|task|way|aim|idea|rule|step|point) is to \w+)/i,
    "must, should or will",
  ],
  [/\bof (which|whom) (none|one|all|some|most|many|both|each|a|the|no)\b/i, "a sentence of its own"],
  [
    /\b(anew|oftener|lest|thereof|wherein|whence|therein|thereby|whereby|hitherto|forthwith|ere)\b/i,
    "again, more often …",
  ],
  [/\b(whoever|whomever|whosoever)\b/i, "anyone who, or the person or program that is meant"],
  [/\bsigns? of life\b/i, "heartbeat"],
  [/\bcode-first\b/i, "in TypeScript"],
  [/\bwithout a word\b/i, "silently"],
  [/\bborn\b/i, "created, or new"],
  [/\b(lets?|letting) go of\b|\bis let go\b/i, "gives back, drops or releases"],
  [/\b(nothing|none|nobody|anything) but\b/i, "only"],
  [/\b(that|who|which|what) (is|are) none\b/i, "not, with the noun"],
  [/\b(for good|in vain|of late|of old|by and by)\b/i, "for ever, without result, recently"],
  [
    /\b(not without|never without|not un(?!til|ique|der|less|ion|its?\b)\w+|nothing that (is|does|has|was) not)\b/i,
    "the positive form",
  ],
  [
    /\b(nothing|nobody|none|no one)( \w+){0,2} (that|who) (\w+ ){0,2}(not|no|never|nothing|nobody)\b/i,
    "the positive form",
  ],
  [
    /^(so|nor|neither|never|only then|not only|rarely|seldom) (do|does|did|is|are|was|were|has|have|can|will|may|must)\b/i,
    "the subject first",
  ],
  [
    /^\w+(ed|en|ept|eft|old|ought|ent) (is|are|was|were) (what|all|only|whatever|who|everything)\b/i,
    "the subject first",
  ],
  [/^with [^,.;:]{1,60} (come|comes|goes|stand|stands) /i, "the subject first"],
];

/**
 * What a file says to people.
 *
 * @param path its name tells how it is read
 * @param source its text
 */
export function passagesOf(path: string, source: string): Passage[] {
  if (path.endsWith(".md")) return passagesOfPage(source);
  return path.endsWith(".sql") ? passagesOfSql(source) : passagesOfCode(source);
}

/**
 * The sentences of a passage that are hard to read.
 *
 * @param passage some prose
 */
export function faultsOf({ line, text }: Passage): Fault[] {
  const faults: Fault[] = [];
  for (const sentence of sentencesOf(text)) {
    const words = sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
    if (words > LONGEST) {
      faults.push({ line, message: `${words} words, ${LONGEST} at most: ${sentence}` });
    }
    for (const [pattern, instead] of rules) {
      const found = pattern.exec(sentence)?.[0];
      if (found !== undefined) faults.push({ line, message: `"${found}", write ${instead}: ${sentence}` });
    }
  }
  return faults;
}

function sentencesOf(text: string): string[] {
  return text.replace(/\s+/g, " ").split(/(?<=[.!?][)"*_]*) (?=["(*[_]*[A-Z`0-9]|\w+:)/).map((one) =>
    one.trim()
  );
}

function passagesOfPage(source: string): Passage[] {
  const lines = source.replace(/^(`{3,})[\s\S]*?^\1$/gm, blank).replace(/<!--[\s\S]*?-->/g, blank).split(
    "\n",
  );
  const passages: Passage[] = [];
  let open: Passage | undefined;
  for (const [index, line] of lines.entries()) {
    const cells = line.trimStart().startsWith("|") ? line.split(/(?<!\\)\|/) : undefined;
    if (cells !== undefined) {
      passages.push(...cells.map((text) => ({ line: index + 1, text })));
      open = undefined;
    } else if (/^\s*(#|$|---)/.test(line)) {
      open = undefined;
    } else if (open !== undefined && !/^\s*([-*]|\d+\.) /.test(line)) {
      open.text += ` ${line}`;
    } else {
      open = { line: index + 1, text: line.replace(/^\s*([-*]|\d+\.) /, "") };
      passages.push(open);
    }
  }
  return passages.map(({ line, text }) => ({ line, text: withoutMarkup(text) }));
}

function passagesOfCode(source: string): Passage[] {
  const tokens =
    /\/\*[\s\S]*?\*\/|(?:(?<=^|\s)\/\/.*(?:\n\s*\/\/.*)*)|(?<=[=(,:!&|?{};[]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/gm;
  return read(source, tokens, (token) => {
    if (token.startsWith("/*")) return withoutTags(token);
    if (token.startsWith("//")) return [token.replace(/^\s*\/\/ ?/gm, "")];
    if (token.startsWith("/")) return [];
    const text = token.slice(1, -1).replace(/\\n/g, "\n");
    return isProse(text) ? text.split("\n") : [];
  });
}

/** Each paragraph and each tag of a comment on a symbol, without examples. */
function withoutTags(comment: string): string[] {
  const text = comment.replace(/^\/\*+|\*\/$/g, "").replace(/^\s*\* ?/gm, "");
  return text.replace(/^(`{3,})[\s\S]*?^\1$/gm, "").replace(/^ {4}.*$/gm, "")
    .split(/\n\s*\n|^@(?:param|template) \S+|^@\w+(?: \{[^}]*\})?|^- /m);
}

function passagesOfSql(source: string): Passage[] {
  const tokens = /--.*(?:\n\s*--.*)*|'(?:[^']|'')*'(?:\s*\n\s*'(?:[^']|'')*')*/g;
  return read(source, tokens, (token) => {
    if (token.startsWith("--")) return token.replace(/^\s*-- ?/gm, "").split(/\n\s*\n|\n(?= {2})|(?<=\.\n)/);
    const text = token.replace(/'\s*\n\s*'/g, "").slice(1, -1);
    return isProse(text) ? [text] : [];
  });
}

/** A text that a person reads, not code, SQL or a list of names. */
function isProse(text: string): boolean {
  const code = /\b(select|insert into|update \w+ set|create (or|table|index)|drop|alter|coalesce)\b|=>|\$\d/;
  const signs = (text.replace(/\$\{[^}]*\}/g, "").match(/[{}<>=$;|\\]/g) ?? []).length;
  return /\b[a-z]{2,} [a-z]+ [a-z]{2,}\b/.test(text) && !code.test(text) && signs * 40 < text.length;
}

function read(source: string, tokens: RegExp, partsOf: (token: string) => string[]): Passage[] {
  const passages: Passage[] = [];
  let line = 1;
  let end = 0;
  for (const { 0: token, index } of source.matchAll(tokens)) {
    line += countLines(source.slice(end, index));
    for (const text of partsOf(token)) passages.push({ line, text: withoutMarkup(text) });
    line += countLines(token);
    end = index + token.length;
  }
  return passages;
}

/** Code counts as one word. */
function withoutMarkup(text: string): string {
  return text.replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "X").replace(/`[^`]*`/g, "X").replace(
    /\{@\w+ [^}]*\}/g,
    "X",
  )
    .replace(/\]\([^)]*\)/g, "]").replace(/\{[^}]*\}|\[[^\]]*[{:][^\]]*\]/g, "X").trim();
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, "");
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}

async function* files(path: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) yield* files(new URL(`${name}/`, path));
    else if (/\.(md|ts|sql)$/.test(name) && !name.endsWith("_gen.ts")) yield new URL(name, path).pathname;
  }
}

/** Reads the prose of the pages, the sources and the engine. */
export async function* readPassages(): AsyncGenerator<{ path: string; passages: Passage[] }> {
  const root = new URL("../", import.meta.url);
  const folders = ["docs/", "examples/", "sql/", "src/"].map((path) => files(new URL(path, root)));
  const paths = (await Promise.all(folders.map((paths) => Array.fromAsync(paths)))).flat();
  for await (const { name } of Deno.readDir(root)) {
    if (/\.(md|ts)$/.test(name) && name !== "CODE_OF_CONDUCT.md") {
      paths.push(new URL(name, root).pathname);
    }
  }
  for (const path of paths.sort()) {
    yield {
      path: path.slice(root.pathname.length),
      passages: passagesOf(path, await Deno.readTextFile(path)),
    };
  }
}

if (import.meta.main) {
  let count = 0;
  for await (const { path, passages } of readPassages()) {
    for (const { line, message } of passages.flatMap(faultsOf)) {
      console.log(`${path}:${line}: ${message}`);
      count++;
    }
  }
  if (count > 0) console.error(`${count} sentences are hard to read`);
  Deno.exit(count > 0 ? 1 : 0);
}
