import type { Style, Terminal } from "./terminal.ts";

/** One cell: its text, and how it is painted. */
export type Cell = string | { text: string; style: Style };

/** How a table is laid out. */
export interface TableOptions {
  /** The headings. */
  head: readonly string[];
  /** Columns whose content stands right. */
  right?: readonly number[];
  /** The columns that give way when the terminal is narrow, the first one first. */
  flexible?: readonly number[];
  /** How many characters of them stay. Default: 12. */
  least?: number;
  /** Columns that are left out, this one first, where the terminal is narrower still. */
  optional?: readonly number[];
}

/** Lays rows out in columns, cut to the terminal's width; in a pipe nothing is cut. */
export function table(rows: readonly (readonly Cell[])[], options: TableOptions, terminal: Terminal): string {
  const { head, right = [] } = options;
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => textOf(row[column]!).length))
  );
  const shown = fitColumns(widths, options, terminal);
  const line = (cells: readonly Cell[], heading: boolean): string =>
    shown.map((column, index) => {
      const cell = cells[column]!;
      const width = widths[column]!;
      const text = cut(textOf(cell), width);
      const isLast = index === shown.length - 1;
      const padded = right.includes(column) ? text.padStart(width) : isLast ? text : text.padEnd(width);
      if (heading) return terminal.paint("quiet", padded);
      return typeof cell === "string" ? padded : terminal.paint(cell.style, padded);
    }).join("  ").trimEnd();
  return [line(head, true), ...rows.map((row) => line(row, false))].join("\n");
}

const LEAST_WIDTH = 6;

/** Narrows the flexible columns, and gives those columns that there is room for. */
function fitColumns(
  widths: number[],
  { flexible = [], optional = [], right = [], least = 12 }: TableOptions,
  terminal: Terminal,
): number[] {
  const shown = widths.map((_, column) => column);
  if (!terminal.isTerminal || flexible.length === 0) return shown;
  const missing = (): number =>
    Math.max(0, shown.reduce((sum, column) => sum + widths[column]! + 2, -2) - terminal.columns);
  const spare = (column: number): number => widths[column]! - Math.min(least, widths[column]!);
  for (const column of optional) {
    if (missing() <= flexible.reduce((sum, one) => sum + spare(one), 0)) break;
    shown.splice(shown.indexOf(column), 1);
  }
  for (const column of flexible) widths[column]! -= Math.min(spare(column), missing());
  // Names as long as they may be: the longest ones give way, numbers never do.
  const texts = shown.filter((column) => !right.includes(column));
  while (missing() > 0) {
    const widest = texts.reduce((most, column) => widths[column]! > widths[most]! ? column : most);
    if (widths[widest]! <= LEAST_WIDTH) break;
    widths[widest]! -= 1;
  }
  return shown;
}

/** A text, cut to a width. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function textOf(cell: Cell): string {
  return (typeof cell === "string" ? cell : cell.text).replaceAll("\n", " ");
}
