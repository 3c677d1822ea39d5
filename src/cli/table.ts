import type { Style, Terminal } from "./terminal.ts";

/** One cell: its text, and how it is painted. */
export type Cell = string | { text: string; style: Style };

/** How a table is laid out. */
export interface TableOptions {
  /** The headings. */
  head: readonly string[];
  /** Columns whose content stands right. */
  right?: readonly number[];
  /** The column that gives way when the terminal is narrow. */
  flexible?: number;
}

/** Lays rows out in columns, cut to the terminal's width; in a pipe nothing is cut. */
export function table(rows: readonly (readonly Cell[])[], options: TableOptions, terminal: Terminal): string {
  const { head, right = [], flexible } = options;
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => textOf(row[column]!).length))
  );
  if (terminal.isTerminal && flexible !== undefined) {
    const total = widths.reduce((sum, width) => sum + width + 2, -2);
    const over = total - terminal.columns;
    if (over > 0) widths[flexible] = Math.max(8, widths[flexible]! - over);
  }
  const line = (cells: readonly Cell[], heading: boolean): string =>
    cells.map((cell, column) => {
      const width = widths[column]!;
      const text = cut(textOf(cell), width);
      const isLast = column === cells.length - 1;
      const padded = right.includes(column) ? text.padStart(width) : isLast ? text : text.padEnd(width);
      if (heading) return terminal.paint("quiet", padded);
      return typeof cell === "string" ? padded : terminal.paint(cell.style, padded);
    }).join("  ").trimEnd();
  return [line(head, true), ...rows.map((row) => line(row, false))].join("\n");
}

/** A text, cut to a width. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function textOf(cell: Cell): string {
  return (typeof cell === "string" ? cell : cell.text).replaceAll("\n", " ");
}
