import type { ExecutionError } from "../define/mod.ts";
import { brief } from "./format.ts";
import type { Terminal } from "./terminal.ts";

const FRAMES = 4;

/**
 * An error for people: its sentence, its data, and its stack with what caused it.
 *
 * @param error as it is stored
 * @param terminal where it is shown
 * @param options all frames and data, or the first ones
 */
export function errorLines(
  error: ExecutionError,
  terminal: Terminal,
  options: { full: boolean },
): string[] {
  const { type, message, code, data } = error;
  const { paint, columns } = terminal;
  const shownCode = code === undefined ? "" : paint("quiet", ` (${code})`);
  const shownData = options.full
    ? JSON.stringify(data, null, 2)?.replaceAll("\n", "\n  ")
    : brief(data, Math.max(40, columns - 9));
  return [
    ...`  ${paint("bad", type)}: ${message}${shownCode}`.split("\n"),
    ...(data === undefined ? [] : [`  data ${shownData}`]),
    ...stackLines(error, options).map((line) => paint("quiet", `  ${line}`)),
  ];
}

/** The lines below the sentence of an error; of many frames in a row the first ones. */
export function stackLines(
  { type, message, stack = "" }: ExecutionError,
  { full }: { full: boolean },
): string[] {
  const head = `${type}: ${message}`;
  const lines = stack.startsWith(head)
    ? stack.slice(head.length).split("\n").slice(1)
    : stack.split("\n").slice(1);
  if (full) return lines;
  const shown: string[] = [];
  let frames = 0;
  lines.forEach((line, index) => {
    frames = line.startsWith("    ") ? frames + 1 : 0;
    if (frames <= FRAMES) shown.push(line);
    else if (!lines[index + 1]?.startsWith("    ")) shown.push(`    … ${frames - FRAMES} more`);
  });
  return shown;
}
