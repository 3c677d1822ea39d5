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
    const lines = text.split("\n");
    if (lines.length > rows - 1) {
      const hidden = lines.length - rows + 2;
      lines.splice(rows - 2, hidden, this.#terminal.paint("quiet", `… ${hidden} more lines`));
    }
    this.#terminal.write(
      `${this.#back()}${lines.map((line) => `${fit(line, columns)}\x1b[K\n`).join("")}\x1b[J`,
    );
    this.#height = lines.length;
  }

  /** Takes it away, and prints lines that stay. */
  end(text: string): void {
    this.#terminal.write(`${this.#back()}\x1b[J${text === "" ? "" : `${text}\n`}`);
    this.#height = 0;
  }

  #back(): string {
    return this.#height === 0 ? "" : `\x1b[${this.#height}A\r`;
  }
}

// A line that wraps would spoil the count of lines to go back; escape sequences take no room.
function fit(line: string, columns: number): string {
  let room = columns - 1;
  let out = "";
  // deno-lint-ignore no-control-regex
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith("\x1b")) {
      out += part;
      continue;
    }
    out += part.slice(0, Math.max(0, room));
    room -= part.length;
  }
  return out;
}
