import { CliError } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";
import { printable } from "../shared/printable.ts";

/** Colours by what they mean. */
const STYLES = {
  bold: "1",
  dim: "2",
  good: "32",
  bad: "31",
  warn: "33",
  busy: "36",
  quiet: "90",
  name: "35",
  head: "1;4",
} as const;

/** A colour by what it means. */
export type Style = keyof typeof STYLES;

/** Where a command writes, and what it may write there. */
export interface Terminal {
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Whether somebody can be asked. */
  readonly canAsk: boolean;
  /** How many columns there are. */
  readonly columns: number;
  /** How many columns there are for standard error; Infinity: it is no terminal. */
  readonly errorColumns: number;
  /** How many lines there are. */
  readonly lines: number;
  /** Whether standard output is painted. */
  readonly colours: boolean;
  /** Writes a line to standard output. */
  print(line?: string): void;
  /** Writes a text to standard output as it is. */
  write(text: string): void;
  /** Writes a line to standard error. */
  say(line: string): void;
  /** Writes a text to standard error as it is. */
  sayRaw(text: string): void;
  /** A text for standard output in a colour, where there are colours. */
  paint(style: Style, text: string): string;
  /** A text for standard error in a colour, where there are colours. */
  paintError(style: Style, text: string): string;
}

const encoder = new TextEncoder();

/** The terminal, or pipe, that this process was started on. */
export function systemTerminal(): Terminal {
  const isTerminal = Deno.stdout.isTerminal();
  const plain = Deno.noColor || Deno.env.get("TERM") === "dumb";
  const colours = isTerminal && !plain;
  const errorColours = Deno.stderr.isTerminal() && !plain;
  const size = (): { columns: number; rows: number } =>
    isTerminal ? consoleSize() : { columns: 100, rows: 40 };
  const write = (text: string): void => writeAll(Deno.stdout, text);
  const sayRaw = (text: string): void => writeAll(Deno.stderr, text);
  return {
    isTerminal,
    canAsk: Deno.stdin.isTerminal() && Deno.stderr.isTerminal(),
    get columns() {
      return size().columns;
    },
    get errorColumns() {
      return Deno.stderr.isTerminal() ? consoleSize().columns : Infinity;
    },
    get lines() {
      return size().rows;
    },
    colours,
    print: (line = "") => write(`${isTerminal ? printable(line) : line}\n`),
    write,
    say: (line) => sayRaw(`${Deno.stderr.isTerminal() ? printable(line) : line}\n`),
    sayRaw,
    paint: (style, text) => colours ? painted(style, text) : text,
    paintError: (style, text) => errorColours ? painted(style, text) : text,
  };
}

function painted(style: Style, text: string): string {
  return text === "" ? "" : `\x1b[${STYLES[style]}m${text}\x1b[0m`;
}

// A terminal of size 0 is one that was never told its size.
function consoleSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

// A reader that went away (`rhythm list | head`) is no fault; one that is slow is waited for.
function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(to.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
      if (!(error instanceof Deno.errors.WouldBlock)) throw notWritten(error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function notWritten(error: unknown): CliError {
  const reason = error instanceof Error
    ? error.message.replace(/ \(os error.*/, "").toLowerCase()
    : String(error);
  return new CliError(`cannot write: ${reason}`, { exit: EXIT.no, code: "OUTPUT", cause: error });
}
