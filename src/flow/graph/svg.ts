import type { FlowGraph } from "./model.ts";
import { drawGraph, type PictureShape } from "./picture.ts";

const STYLE = `
  .rhythm { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
  .rhythm text { fill: #1f2328; }
  .rhythm .note { fill: #656d76; font-size: 11px; }
  .rhythm .halo { stroke: #fff; stroke-width: 4; paint-order: stroke; }
  .rhythm .line { fill: none; stroke: #8c959f; stroke-width: 1.2; }
  .rhythm .frame { fill: #8c959f; fill-opacity: .06; stroke: #8c959f; stroke-dasharray: 4 3; }
  .rhythm .step { fill: #fff; stroke: #57606a; }
  .rhythm .task { fill: #ddf4ff; stroke: #0969da; }
  .rhythm .workflow, .rhythm .call { fill: #fbefff; stroke: #8250df; }
  .rhythm .timer, .rhythm .signal { fill: #fff8c5; stroke: #9a6700; }
  .rhythm .send { fill: #dafbe1; stroke: #1a7f37; }
  .rhythm .return, .rhythm .start { fill: #eaeef2; stroke: #57606a; }
  .rhythm .throw { fill: #ffebe9; stroke: #cf222e; }
  .rhythm .choice { fill: #fff; stroke: #0969da; }
  .rhythm .bar { fill: #57606a; }`;

/** Draws a flow as an SVG picture, with its styles. */
export function renderSvg(graph: FlowGraph): string {
  const { width, height, shapes } = drawGraph(graph);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="rhythm" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(graph.name)}">`,
    `<style>${STYLE}\n</style>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">` +
    `<path d="M0 0L8 4L0 8z" fill="#8c959f"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...shapes.map(printed),
    "</svg>\n",
  ].join("\n");
}

function printed({ tag, attributes, children }: PictureShape): string {
  const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${escape(String(value))}"`);
  const inside = children.map((one) => typeof one === "string" ? escape(one) : printed(one)).join("");
  return inside === "" ? `<${tag}${given.join("")}/>` : `<${tag}${given.join("")}>${inside}</${tag}>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
