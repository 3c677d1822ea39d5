import type { Branch, FlowGraph, Step } from "./graph_model.ts";

const CHAR = 6.9;
const ROW = 30;
const GAP = 22;
const SIDE = 18;
const HEAD = 26;

/** A part of the drawing: how large it is, and how it is drawn. Lines enter and leave at the middle. */
interface Box {
  readonly width: number;
  readonly height: number;
  /** Whether the flow goes on behind it. */
  readonly open: boolean;
  readonly draw: (x: number, y: number) => string;
}

const STYLE = `
  .rhythm { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
  .rhythm text { fill: #1f2328; }
  .rhythm .note { fill: #656d76; font-size: 11px; }
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

/** Draws a flow as an SVG picture. */
export function renderSvg(graph: FlowGraph): string {
  const charts = [
    chart(graph.name, graph.steps),
    ...graph.functions.map((fn) => chart(`${fn.name}()`, fn.steps)),
  ];
  const width = charts.reduce((sum, box) => sum + box.width + 2 * SIDE, 0) + SIDE;
  const height = Math.max(...charts.map((box) => box.height)) + 2 * SIDE;
  let x = SIDE;
  const drawn = charts.map((box) => {
    const text = box.draw(x + SIDE / 2, SIDE);
    x += box.width + 2 * SIDE;
    return text;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="rhythm" width="${round(width)}" height="${
      round(height)
    }" ` +
    `viewBox="0 0 ${round(width)} ${round(height)}" role="img" aria-label="${escape(graph.name)}">`,
    `<style>${STYLE}\n</style>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">` +
    `<path d="M0 0L8 4L0 8z" fill="#8c959f"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function chart(name: string, steps: readonly Step[]): Box {
  const body = sequence(steps);
  return stack([
    pill(name, "start"),
    ...(steps.length === 0 ? [] : [body]),
    ...(body.open ? [pill("end", "return")] : []),
  ]);
}

function sequence(steps: readonly Step[]): Box {
  const boxes: Box[] = [];
  for (const step of steps) {
    const box = boxOf(step);
    boxes.push(box);
    if (!box.open) break;
  }
  return stack(boxes);
}

function boxOf(step: Step): Box {
  switch (step.kind) {
    case "choice":
      return fork(label(step.label, "choice", "? "), step.branches, "line");
    case "parallel":
      return fork(bar(step.label), step.branches, "bar");
    case "loop":
      return {
        ...frame(`⟳ ${step.label}`, [{ label: "", steps: step.body }]),
        open: !step.endless || breaks(step.body),
      };
    case "later":
      return { ...frame(step.label, [{ label: "", steps: step.body }]), open: true };
    case "attempt":
      return frame("try", [
        { label: "", steps: step.body },
        ...(step.caught === undefined
          ? []
          : [{ label: `catch ${step.caught.label}`, steps: step.caught.steps }]),
        ...(step.last === undefined ? [] : [{ label: "finally", steps: step.last }]),
      ]);
    case "return":
    case "throw":
    case "leave":
      return { ...pill(step.label, step.kind === "throw" ? "throw" : "return"), open: false };
    case "workflow":
      return label(step.label, "workflow", "workflow ");
    case "timer":
      return label(step.label, "timer", "timer ");
    case "signal":
      return label(step.label, "signal", "signal ");
    case "send":
      return label(step.label, "send", "send ");
    default:
      return label(step.label, step.kind, "");
  }
}

function label(text: string, kind: string, sign: string): Box {
  const full = sign + text;
  const width = full.length * CHAR + 24;
  const radius = kind === "choice" ? ROW / 2 : 4;
  return {
    width,
    height: ROW,
    open: true,
    draw: (x, y) =>
      rect({ x, y, width, height: ROW, radius, kind }) + centred(full, x + width / 2, y + ROW / 2),
  };
}

function pill(text: string, kind: string): Box {
  const width = text.length * CHAR + 28;
  return {
    width,
    height: ROW - 4,
    open: true,
    draw: (x, y) =>
      rect({ x, y, width, height: ROW - 4, radius: 13, kind }) +
      centred(text, x + width / 2, y + ROW / 2 - 2),
  };
}

function bar(text: string): Box {
  const width = text.length * CHAR + 40;
  return {
    width,
    height: HEAD,
    open: true,
    draw: (x, y) =>
      centred(text, x + width / 2, y + 8, "note") +
      rect({ x, y: y + HEAD - 6, width, height: 5, radius: 2, kind: "bar" }),
  };
}

/** Boxes below one another, tied by arrows. */
function stack(boxes: readonly Box[]): Box {
  const width = Math.max(0, ...boxes.map((box) => box.width));
  const height = boxes.reduce((sum, box) => sum + box.height + GAP, -GAP);
  return {
    width,
    height: Math.max(0, height),
    open: boxes.at(-1)?.open ?? true,
    draw: (x, y) => {
      let top = y;
      return boxes.map((box, index) => {
        const arrow = index === 0 ? "" : line(x + width / 2, top - GAP, x + width / 2, top, "tip");
        const text = box.draw(x + (width - box.width) / 2, top);
        top += box.height + GAP;
        return arrow + text;
      }).join("\n");
    },
  };
}

/** A head, its branches side by side, and where those that go on meet again. */
function fork(head: Box, branches: readonly Branch[], meet: "line" | "bar"): Box {
  const ways = branches.map(({ label, steps }) => ({
    label,
    box: sequence(steps),
    empty: steps.length === 0,
  }));
  const widths = ways.map(({ label, box }) => Math.max(box.width, label.length * CHAR, 40));
  const across = widths.reduce((sum, width) => sum + width + SIDE, -SIDE);
  const width = Math.max(head.width, across);
  const deepest = Math.max(...ways.map(({ box }) => box.height));
  const top = head.height + GAP + HEAD;
  const height = top + deepest + GAP;
  const open = ways.some(({ box }) => box.open);
  const draw = (x: number, y: number): string => {
    const middle = x + width / 2;
    const parts = [head.draw(x + (width - head.width) / 2, y)];
    const low = y + height;
    const spine = y + head.height + GAP / 2;
    const joined: number[] = [];
    let left = x + (width - across) / 2;
    ways.forEach(({ label, box, empty }, index) => {
      const at = left + widths[index]! / 2;
      parts.push(
        path([[middle, y + head.height], [middle, spine], [at, spine], [at, y + top]], empty ? "" : "tip"),
      );
      if (label !== "") parts.push(centred(label, at, spine + HEAD / 2 + 2, "note halo"));
      parts.push(box.draw(at - box.width / 2, y + top));
      if (box.open) {
        joined.push(at);
        parts.push(line(at, y + top + box.height, at, low - 6, ""));
      }
      left += widths[index]! + SIDE;
    });
    if (open) {
      const [from, to] = [Math.min(middle, ...joined), Math.max(middle, ...joined)];
      parts.push(
        meet === "bar"
          ? rect({ x: from - 14, y: low - 6, width: to - from + 28, height: 5, radius: 2, kind: "bar" })
          : line(from, low - 6, to, low - 6, "") + line(middle, low - 6, middle, low, ""),
      );
    }
    return parts.join("\n");
  };
  return { width, height, open, draw };
}

/** A dashed frame around parts that follow one another. */
function frame(title: string, sections: readonly Branch[]): Box {
  const boxes = sections.map(({ label, steps }) => ({ label, box: sequence(steps) }));
  const inner = Math.max(
    title.length * CHAR,
    ...boxes.map(({ label, box }) => Math.max(box.width, label.length * CHAR)),
  );
  const width = inner + 2 * SIDE;
  const height = boxes.reduce((sum, { box }) => sum + HEAD + box.height + SIDE, 0);
  return {
    width,
    height,
    open: boxes.some(({ label, box }) => label !== "finally" && box.open),
    draw: (x, y) => {
      const parts = [rect({ x, y, width, height, radius: 6, kind: "frame" })];
      let top = y;
      boxes.forEach(({ label, box }, index) => {
        if (index > 0) {
          parts.push(
            `<path class="line" stroke-dasharray="4 3" d="M${round(x)} ${round(top)}h${round(width)}"/>`,
          );
        }
        parts.push(words(index === 0 ? title : label, x + 8, top + 13));
        parts.push(box.draw(x + (width - box.width) / 2, top + HEAD));
        top += HEAD + box.height + SIDE;
      });
      return parts.join("\n");
    },
  };
}

/** Whether a loop's own `break` is among its steps. */
function breaks(steps: readonly Step[]): boolean {
  return steps.some((step) => {
    if (step.kind === "leave") return step.label.startsWith("break");
    if (step.kind === "choice") return step.branches.some((branch) => breaks(branch.steps));
    if (step.kind === "attempt") return [step.body, step.caught?.steps ?? [], step.last ?? []].some(breaks);
    return false;
  });
}

function rect(
  given: { x: number; y: number; width: number; height: number; radius: number; kind: string },
): string {
  const { x, y, width, height, radius, kind } = given;
  return `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${
    round(height)
  }" rx="${radius}"/>`;
}

function centred(text: string, x: number, y: number, kind = ""): string {
  const halo = kind.includes("halo") ? ' stroke="#fff" stroke-width="4" paint-order="stroke"' : "";
  const name = kind.replace(" halo", "");
  return `<text${name === "" ? "" : ` class="${name}"`}${halo} x="${round(x)}" y="${
    round(y)
  }" dy=".35em" text-anchor="middle">${escape(text)}</text>`;
}

function words(text: string, x: number, y: number): string {
  return `<text class="note" x="${round(x)}" y="${round(y)}" dy=".35em">${escape(text)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, tip: "tip" | ""): string {
  return path([[x1, y1], [x2, y2]], tip);
}

function path(points: readonly (readonly [number, number])[], tip: "tip" | ""): string {
  const d = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  return `<path class="line" d="${d}"${tip === "" ? "" : ' marker-end="url(#tip)"'}/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
