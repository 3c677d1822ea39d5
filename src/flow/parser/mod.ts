/**
 * From a flow's text to its syntax tree.
 *
 * @module
 */
export * from "./ast.ts";
export { eachChild } from "./children.ts";
export { MAX_SOURCE_BYTES, type ParsedFlow, parseFlow, type ParseOptions } from "./parse_flow.ts";
export { boundNames } from "./patterns.ts";
