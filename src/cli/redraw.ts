import { printable } from "../shared/printable.ts";
import type { Terminal } from "./terminal.ts";

/** A text on a terminal that is drawn over itself. */
export class Redraw {
  readonly #terminal: Terminal;
  #height = 0;

  /** @param terminal where */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws it, as much as there is room for. */
  show(text: string): void {
    const { columns, lines: rows } = this.#terminal;
    const lines = printable(text).split("\n");
    if (lines.length > rows - 1) {
      const hidden = lines.length - rows + 2;
      lines.splice(rows - 2, hidden, this.#terminal.paint("quiet", `… ${hidden} more lines`));
    }
    this.#terminal.write(
      `${this.#back()}${lines.map((line) => `${fit(line, columns - 1)}\x1b[K\n`).join("")}\x1b[J`,
    );
    this.#height = lines.length;
  }

  /** Takes it away, and prints lines that stay. */
  end(text: string): void {
    this.#terminal.write(`${this.#back()}\x1b[J${text === "" ? "" : `${printable(text)}\n`}`);
    this.#height = 0;
  }

  #back(): string {
    return this.#height === 0 ? "" : `\x1b[${this.#height}A\r`;
  }
}

/** As much of a line as there is room for: one that wraps would spoil the count of lines. Colours take no room. */
export function fit(line: string, room: number): string {
  let out = "";
  for (const part of line.split(COLOUR)) {
    if (part.startsWith("\x1b")) {
      out += part;
      continue;
    }
    out += part.slice(0, Math.max(0, room));
    room -= part.length;
  }
  return out;
}

/**
 * A line in as many as it takes, broken between words; colours take no room.
 *
 * @param line the line
 * @param columns how wide each may be
 * @param indent how far all but the first begin to the right
 */
export function wrap(line: string, columns: number, indent = 4): string[] {
  const room = Math.max(columns, LEAST);
  const lines: string[] = [];
  let current = "";
  let width = 0;
  const next = (): void => {
    lines.push(current.trimEnd());
    current = " ".repeat(indent);
    width = indent;
  };
  for (const part of line.split(COLOUR)) {
    if (part.startsWith("\x1b")) {
      current += part;
      continue;
    }
    for (let word of part.match(/ *[^ ]+| +/g) ?? []) {
      if (width > indent && width + word.length > room) {
        next();
        word = word.trimStart();
      }
      while (width + word.length > room) {
        const cut = room - width;
        current += word.slice(0, cut);
        word = word.slice(cut);
        next();
      }
      current += word;
      width += word.length;
    }
  }
  return current.trim() === "" && lines.length > 0 ? lines : [...lines, current];
}

/**
 * A text for people: on a terminal, its long lines are broken between words, and what follows is indented a little more.
 *
 * @param text one line or more
 * @param terminal where it is printed
 */
export function wrapped(
  text: string,
  { isTerminal, columns }: Pick<Terminal, "isTerminal" | "columns">,
): string {
  if (!isTerminal) return text;
  return text.split("\n").flatMap((line) => {
    if (widthOf(line) <= columns) return [line];
    const indent = /^ */.exec(line.replaceAll(COLOURS, ""))![0].length;
    return wrap(line, columns, Math.min(indent + 2, columns / 2));
  }).join("\n");
}

/** How much room a line takes: colours take none. */
export function widthOf(line: string): number {
  return line.split(COLOUR).reduce((sum, part) => part.startsWith("\x1b") ? sum : sum + part.length, 0);
}

const LEAST = 20;
// deno-lint-ignore no-control-regex
const COLOUR = /(\x1b\[[0-9;]*m)/;
// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[0-9;]*m/g;
