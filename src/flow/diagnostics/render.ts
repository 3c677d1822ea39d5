import {
  ANY_TEXT,
  type ArgumentType,
  ARRAY,
  BOOLEAN,
  checkArgument,
  checkShape,
  type OwnType,
} from "../../shared/arguments.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { lineStarts, positionAt } from "./position.ts";
import { layOut } from "./width.ts";

/** What {@link renderDiagnostic} needs besides the diagnostic. */
export interface RenderOptions {
  /** The name to print, such as `onboard.flow`. */
  name: string;
  /** The whole source, front matter included. */
  source: string;
  /** Paint for a terminal with ANSI colours; plain text by default. */
  colors?: boolean;
  /** How wide the terminal is: 40 or more. Sentences are broken between words then, and lines of the source are cut. Default: no terminal. */
  columns?: number;
}

const COLUMNS: ArgumentType = { kind: "number", from: 40, to: 10_000, whole: true };

const DIAGNOSTIC: OwnType = {
  kind: "own",
  wanted: "a diagnostic",
  fits: (value) => typeof value === "object" && value !== null && "start" in value && "message" in value,
};

function checkRender(options: RenderOptions, where: string): void {
  const shape = { name: ANY_TEXT, source: ANY_TEXT, colors: BOOLEAN, columns: COLUMNS };
  checkShape(options, shape, { where, required: ["name", "source"] });
}

// A line longer than this is shown in part, around the span.
const MAX_COLUMNS = 160;

/**
 * Draw diagnostics, in order, with a blank line between two.
 *
 * @param diagnostics what to show
 * @param options the source they point into, its name, and colours
 * @returns the pictures, without a newline at the end
 */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  const where = "renderDiagnostics()";
  checkArgument(diagnostics, { argument: "diagnostics", type: ARRAY, where });
  checkRender(options, where);
  const starts = lineStarts(options.source);
  return diagnostics.map((diagnostic) => draw(diagnostic, starts, options)).join("\n\n");
}

/**
 * Draw one diagnostic: its sentence, its place, the line and carets under the span.
 *
 * @param diagnostic what to show
 * @param options the source it points into, its name, and colours
 * @returns the picture, without a newline at the end
 */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions): string {
  const where = "renderDiagnostic()";
  checkArgument(diagnostic, { argument: "diagnostic", type: DIAGNOSTIC, where });
  checkRender(options, where);
  return draw(diagnostic, lineStarts(options.source), options);
}

function draw(diagnostic: Diagnostic, starts: readonly number[], options: RenderOptions): string {
  const { source, name, columns = Infinity } = options;
  const tint = diagnostic.severity === "error" ? "31;1" : "33;1";
  const paint = (style: string, text: string): string =>
    options.colors ? `\x1b[${style}m${text}\x1b[0m` : text;
  const first = positionAt(starts, diagnostic.start);
  const last = positionAt(starts, Math.max(diagnostic.start, diagnostic.end - 1));
  const gutter = String(last.line).length;
  const bar = (label: string): string => paint("34", ` ${label.padStart(gutter)} |`);
  const room = columns - gutter - 4;
  const head = `${diagnostic.severity}[${diagnostic.code}]`;
  const [sentence = "", ...more] = inLines(diagnostic.message, columns - head.length - 2);
  const out = [
    `${paint(tint, head)}: ${paint("1", sentence)}`,
    ...more.map((line) => `${" ".repeat(head.length + 2)}${paint("1", line)}`),
    `${" ".repeat(gutter + 1)}${paint("34", "-->")} ${name}:${first.line}:${first.column}`,
    bar(""),
  ];
  const show = (line: number, from: number, to: number, note: string): void => {
    const picture = underline(lineText(source, starts, line), {
      from,
      to,
      most: Math.min(room, MAX_COLUMNS),
    });
    out.push(`${bar(String(line))} ${picture.text}`.trimEnd());
    const carets = `${picture.indent}${picture.carets}`;
    if (note === "" || carets.length + 1 + note.length <= room) {
      out.push(`${bar("")} ${picture.indent}${paint(tint, picture.carets + (note && ` ${note}`))}`);
      return;
    }
    out.push(`${bar("")} ${picture.indent}${paint(tint, picture.carets)}`);
    const indent = " ".repeat(Math.min(picture.indent.length, Math.max(0, room - note.length)));
    for (const one of inLines(note, room)) out.push(`${bar("")} ${indent}${paint(tint, one)}`);
  };
  const hint = diagnostic.hint ?? "";
  const from = first.column - 1;
  if (first.line === last.line) {
    show(first.line, from, from + Math.max(1, diagnostic.end - diagnostic.start), hint);
    return out.join("\n");
  }
  show(first.line, from, Infinity, "");
  if (last.line > first.line + 1) out.push("...");
  const blank = lineText(source, starts, last.line).search(/\S/);
  show(last.line, Math.max(0, blank), last.column, hint);
  return out.join("\n");
}

function lineText(source: string, starts: readonly number[], line: number): string {
  return source.slice(starts[line - 1], starts[line] ?? source.length).replace(/[\r\n\u2028\u2029]+$/, "");
}

/** A sentence in lines of so many characters at most, broken between words. */
function inLines(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function underline(
  line: string,
  { from, to, most }: { from: number; to: number; most: number },
): { text: string; indent: string; carets: string } {
  let [before, after] = ["", ""];
  if (line.length > most) {
    // Room for the marks of what is cut off.
    const length = most - 2;
    const cut = Math.max(0, Math.min(from, line.length) - Math.floor(length / 4));
    [before, after] = [cut > 0 ? "…" : "", cut + length < line.length ? "…" : ""];
    line = line.slice(cut, cut + length);
    [from, to] = [from - cut, to - cut];
  }
  const laid = layOut(line);
  const left = laid.columns[Math.min(from, line.length)]!;
  const right = laid.columns[Math.min(to, line.length)]!;
  return {
    text: before + laid.text + after,
    indent: " ".repeat(left + before.length),
    carets: "^".repeat(Math.max(1, right - left)),
  };
}
