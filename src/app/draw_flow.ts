import { buildGraph } from "../flow/graph/build.ts";
import { drawGraph, type Picture } from "../flow/graph/picture.ts";
import { parseFlow } from "../flow/parser/mod.ts";

/**
 * A flow as a picture; nothing: it is a workflow in TypeScript, or this version of the library cannot read it.
 *
 * @param flow its name and text
 * @param marks what is said beside the steps of a line
 */
export function drawFlow(
  flow: { readonly name: string; readonly source: string },
  marks: ReadonlyMap<number, string>,
): Picture | null {
  const { ast } = parseFlow(flow);
  return ast === undefined ? null : drawGraph(buildGraph(flow.name, { ast, source: flow.source }), marks);
}
