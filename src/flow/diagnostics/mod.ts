/**
 * Problems in a flow's source: what they are, where they are, and how they are drawn.
 *
 * @module
 */
export { type Code, type CodeEntry, CODES } from "./codes.ts";
export type { Diagnostic, Severity } from "./diagnostic.ts";
export { lineStarts, type Position, positionAt } from "./position.ts";
export { renderDiagnostic, renderDiagnostics, type RenderOptions } from "./render.ts";
