import type { FibreView, JsonValue } from "../../flow/mod.ts";
import { brief, tellSince, tellTime } from "../format.ts";
import { cut } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { ExecutionView, OpenWait } from "./read_view.ts";

const AROUND = 3;
const LEAST_SOURCE = 30;

/** The source with the lines where a workflow stands, or where it failed, marked. */
export function renderSource(view: ExecutionView, terminal: Terminal, options: { full: boolean }): string[] {
  const { position, execution } = view;
  if (position === null) return [];
  // The error of an earlier attempt is not where it stands now.
  const failed = execution.status === "failed" ? execution.error?.at : undefined;
  const marks = failed === undefined
    ? position.fibres.map(({ line, column }) => ({ line, column }))
    : [failed];
  return renderMarkedSource(
    { source: position.source, marks, failed: failed !== undefined, full: options.full },
    terminal,
  );
}

/** A source, or the lines around its marks. */
export function renderMarkedSource(
  given: {
    source: string;
    marks: readonly { line: number; column: number }[];
    failed: boolean;
    full: boolean;
  },
  terminal: Terminal,
): string[] {
  const { source, marks, failed, full } = given;
  if (marks.length === 0) return [];
  const lines = source.split(/\r\n|\r|\n/);
  const marked = new Map(marks.map(({ line, column }) => [line, column]));
  const gutter = String(lines.length).length;
  const isShown = (line: number): boolean =>
    full || marks.some((mark) => Math.abs(mark.line - line) <= AROUND);
  const out: string[] = [];
  let gap = false;
  lines.forEach((text, index) => {
    const line = index + 1;
    if (!isShown(line)) {
      gap = out.length > 0;
      return;
    }
    if (gap) out.push(terminal.paint("quiet", `   ${"…".padStart(gutter)}`));
    gap = false;
    const column = marked.get(line);
    out.push(...sourceLine({ text, line, column, gutter, failed }, terminal));
  });
  return out;
}

function sourceLine(
  given: { text: string; line: number; column: number | undefined; gutter: number; failed: boolean },
  terminal: Terminal,
): string[] {
  const { text, line, column, gutter, failed } = given;
  const { paint } = terminal;
  const label = String(line).padStart(gutter);
  const room = roomFor(gutter, terminal);
  if (column === undefined) return [`   ${paint("quiet", `${label} |`)} ${cut(text, room)}`.trimEnd()];
  const style = failed ? "bad" : "warn";
  // The sign must stand below what it points at, so this line is never wrapped. A place far right is shown whole.
  const spaces = text.replaceAll("\t", " ");
  const shown = column < room ? cut(spaces, room) : spaces;
  return [
    ` ${paint(style, "▸")} ${paint("quiet", `${label} |`)} ${paint("bold", shown)}`,
    `   ${" ".repeat(gutter)} ${paint("quiet", "|")} ${" ".repeat(column - 1)}${paint(style, "^")}`,
  ];
}

function roomFor(gutter: number, { isTerminal, columns }: Terminal): number {
  return isTerminal ? Math.max(LEAST_SOURCE, columns - gutter - " ▸  | ".length) : Infinity;
}

/** The variables of each activation. */
export function renderVariables(
  fibres: readonly FibreView[],
  terminal: Terminal,
  options: { full: boolean },
): string[] {
  const { paint } = terminal;
  const room = Math.max(30, terminal.columns - 30);
  return fibres.flatMap((fibre) => {
    // A flow's own functions are in its source already.
    const entries = Object.entries(fibre.variables).filter(([, value]) =>
      options.full || wordOf(value) !== "function"
    );
    const isBody = fibre.function === "" || fibre.function === "main";
    const where = `${isBody ? "the flow" : `${fibre.function}()`}, line ${fibre.line}`;
    const head = fibres.length > 1 ? [`  ${paint("quiet", where)}`] : [];
    const width = Math.max(0, ...entries.map(([name]) => name.length));
    const lines = entries.map(([name, value]) => {
      const text = wordOf(value) ?? (options.full ? JSON.stringify(value) : brief(value, room));
      return `  ${paint("name", name.padEnd(width))} = ${text}`;
    });
    return [...head, ...(lines.length === 0 ? [`  ${paint("quiet", "none")}`] : lines)];
  });
}

/** What a variable holds that JSON has no word for. */
function wordOf(value: JsonValue): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const word = Object.keys(value).length === 1 ? value.$ : undefined;
  return typeof word === "string" ? word : undefined;
}

/** What a workflow waits for, and since when. */
export function renderWaits(waits: readonly OpenWait[], terminal: Terminal, now: Date): string[] {
  const { paint } = terminal;
  return waits.map((wait) => {
    const what = wait.kind === "signal"
      ? `signal ${paint("name", wait.name ?? "?")}`
      : wait.kind === "timer"
      ? "timer"
      : `${wait.kind} ${paint("name", wait.name ?? "?")}`;
    const verb = wait.kind === "timer" ? "fires" : "gives up";
    const until = wait.until === null
      ? ""
      : `, ${verb} ${tellSince(wait.until, now)} (${tellTime(wait.until, now)})`;
    return `  ${paint("warn", "◌")} ${what} since ${tellTime(wait.since, now)} (${
      tellSince(wait.since, now)
    })${until}`;
  });
}
