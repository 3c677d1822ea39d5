import type { RenderOptions } from "../../flow/diagnostics/mod.ts";
import type { Terminal } from "../terminal.ts";

/** How diagnostics are drawn on standard output. */
export function pictureFor(
  { isTerminal, colours, columns }: Terminal,
): Pick<RenderOptions, "colors" | "columns"> {
  return { colors: colours, ...(isTerminal ? { columns: Math.max(columns, LEAST) } : {}) };
}

/** How diagnostics are drawn on standard error. */
export function errorPictureFor(
  { colours, errorColumns }: Terminal,
): Pick<RenderOptions, "colors" | "columns"> {
  return {
    colors: colours,
    ...(Number.isFinite(errorColumns) ? { columns: Math.max(errorColumns, LEAST) } : {}),
  };
}

const LEAST = 40;
