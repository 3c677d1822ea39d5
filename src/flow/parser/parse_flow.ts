import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { type FrontMatter, readFrontMatter } from "../front_matter.ts";
import type { Program } from "./ast.ts";
import { Cursor, SyntaxProblem } from "./cursor.ts";
import { limitDepth } from "./depth.ts";
import { offset, type Parser, Parsimmon, sticky } from "./parsimmon.ts";
import { readStatements } from "./statements.ts";
import { hashbang } from "./tokens.ts";
import { unwrapMain } from "./wrapper.ts";

/** The largest source, in bytes of UTF-8, unless the options say otherwise. */
export const MAX_SOURCE_BYTES = 256 * 1024;

/** A flow's text. */
export interface ParseOptions {
  /** Its file name; diagnostics are drawn with it, and it is the flow's name when the front matter has none. */
  name: string;
  source: string;
  /** The largest source, in bytes. Default: 256 KiB. */
  maxSourceBytes?: number;
}

/** What parsing gives. */
export interface ParsedFlow {
  /** The tree; absent when the source could not be read at all. With errors it is for the checks alone. */
  ast?: Program;
  frontMatter: FrontMatter;
  diagnostics: Diagnostic[];
  /** False if statements were left out of the tree because they could not be read. */
  complete: boolean;
}

interface Layout {
  /** The YAML and where it begins. */
  yaml?: { text: string; start: number; closed: boolean };
  /** Where the code begins. */
  body: number;
}

const opening = sticky("an opening fence", /\ufeff?```[ \t]*(?:ya?ml)?[ \t]*(?:\r\n|\r|\n)/y);
// Other tools put front matter between dashes. Code never begins with them.
const dashes = /^\ufeff?---[ \t]*(?:\r\n|\r|\n|$)/;
const yamlText = sticky("YAML", /(?:(?!```)[^\r\n]*(?:\r\n|\r|\n))*/y);
const closing = sticky("a closing fence", /```[ \t]*(?=\r|\n|$)/y);

const frontMatter: Parser<Layout> = Parsimmon.seqMap(
  opening.then(offset),
  yamlText,
  closing.result(true).or(Parsimmon.of(false)),
  offset,
  (start, text, closed, end): Layout => ({ yaml: { text, start, closed }, body: end }),
).desc("front matter");

const layout: Parser<Layout> = Parsimmon.alt(
  frontMatter,
  Parsimmon.seqMap(hashbang.or(Parsimmon.of("")), offset, (_, body): Layout => ({ body })),
).skip(Parsimmon.all);

/**
 * Parse a flow: its front matter and its code.
 *
 * @param options the flow's name and source
 * @returns the tree, what the front matter says, and what is wrong
 */
export function parseFlow(options: ParseOptions): ParsedFlow {
  const { source, maxSourceBytes = MAX_SOURCE_BYTES } = options;
  const size = source.length > maxSourceBytes ? source.length : new TextEncoder().encode(source).length;
  if (size > maxSourceBytes) {
    const message = `this flow is larger than ${Math.floor(maxSourceBytes / 1024)} KiB`;
    const hint = "move parts of it into tasks or child workflows";
    const diagnostics: Diagnostic[] = [{ code: "F0901", severity: "error", start: 0, end: 1, message, hint }];
    return { frontMatter: {}, diagnostics, complete: false };
  }
  if (dashes.test(source)) return dashedFrontMatter(source);
  const { yaml, body } = layout.tryParse(source);
  if (yaml && !yaml.closed) return unclosedFrontMatter(source);
  const front = yaml ? readFrontMatter(yaml.text, yaml.start) : { frontMatter: {}, diagnostics: [] };
  const code = parseBody(source, body);
  return {
    ...code,
    frontMatter: front.frontMatter,
    diagnostics: [...front.diagnostics, ...code.diagnostics],
  };
}

/** Parse code from an offset to the end of the source. */
function parseBody(source: string, start: number): Omit<ParsedFlow, "frontMatter"> {
  const c = new Cursor(source, start);
  const ast: Program = { type: "Program", start, end: source.length, body: [] };
  try {
    ast.body = readStatements(c, "function");
    while (c.token.kind !== "end") {
      c.report("F0001", c.token, "this `}` closes nothing");
      c.next();
      c.recovered = true;
      ast.body.push(...readStatements(c, "block"));
    }
    limitDepth(ast);
    unwrapMain(ast);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    c.add(error.problem);
    return { diagnostics: c.diagnostics(), complete: false };
  }
  return { ast, diagnostics: c.diagnostics(), complete: !c.recovered };
}

function unclosedFrontMatter(source: string): ParsedFlow {
  const message = "the front matter is never closed";
  const hint = "close it with three backticks on a line of their own";
  return wrongFence(source.indexOf("`"), { code: "F0405", message, hint });
}

function dashedFrontMatter(source: string): ParsedFlow {
  const message = "front matter does not stand between dashes";
  const hint = "write three backticks in place of each `---`";
  return wrongFence(source.indexOf("-"), { code: "F0406", message, hint });
}

function wrongFence(start: number, problem: Pick<Diagnostic, "code" | "message" | "hint">): ParsedFlow {
  const diagnostics: Diagnostic[] = [{ ...problem, severity: "error", start, end: start + 3 }];
  return { frontMatter: {}, diagnostics, complete: false };
}
