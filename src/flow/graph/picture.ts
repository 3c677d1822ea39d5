import type { Branch, FlowGraph, Step } from "./model.ts";

/** A shape of a picture: an element of SVG. */
export interface PictureShape {
  /** Its name. */
  readonly tag: "rect" | "text" | "path" | "g" | "title";
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What is in it. */
  readonly children: readonly (PictureShape | string)[];
}

/** A flow as a picture. Its classes name the kinds of steps; what they look like is up to the one who shows it. */
export interface Picture {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** What is drawn, in order. */
  readonly shapes: readonly PictureShape[];
}

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
  readonly draw: (x: number, y: number) => PictureShape[];
}

/**
 * Draws a flow.
 *
 * @param graph the flow
 * @param marks what is said beside the steps of a line
 */
export function drawGraph(graph: FlowGraph, marks: ReadonlyMap<number, string> = new Map()): Picture {
  const pen: Pen = (step, box) => marked(step, box, marks.get(step.line));
  const charts = [
    chart(graph.name, graph.steps, pen),
    ...graph.functions.map((fn) => chart(`${fn.name}()`, fn.steps, pen)),
  ];
  let x = SIDE;
  const shapes = charts.flatMap((box) => {
    const drawn = box.draw(x + SIDE / 2, SIDE);
    x += box.width + 2 * SIDE;
    return drawn;
  });
  return {
    width: round(charts.reduce((sum, box) => sum + box.width + 2 * SIDE, 0) + SIDE),
    height: round(Math.max(...charts.map((box) => box.height)) + 2 * SIDE),
    shapes,
  };
}

/** What is done to the box of a step. */
type Pen = (step: Step, box: Box) => Box;

// Beside the shape: what stands there.
function marked(step: Step, box: Box, mark: string | undefined): Box {
  const room = mark === undefined ? 0 : 2 * (mark.length * CHAR + 12);
  return {
    ...box,
    width: box.width + room,
    draw: (x, y) => [{
      tag: "g",
      attributes: { "data-line": step.line, ...(mark === undefined ? {} : { class: "marked" }) },
      children: [
        { tag: "title", attributes: {}, children: [`line ${step.line}`] },
        ...box.draw(x + room / 2, y),
        ...(mark === undefined
          ? []
          : [text(mark, { class: "mark", x: x + room / 2 + box.width + 6, y: y + ROW / 2 })]),
      ],
    }],
  };
}

function chart(name: string, steps: readonly Step[], pen: Pen): Box {
  const body = sequence(steps, pen);
  return stack([
    pill(name, "start"),
    ...(steps.length === 0 ? [] : [body]),
    ...(body.open ? [pill("end", "return")] : []),
  ]);
}

function sequence(steps: readonly Step[], pen: Pen): Box {
  const boxes: Box[] = [];
  for (const step of steps) {
    const box = boxOf(step, pen);
    boxes.push(box);
    if (!box.open) break;
  }
  return stack(boxes);
}

function boxOf(step: Step, pen: Pen): Box {
  switch (step.kind) {
    case "choice":
      return fork(pen(step, label(step.label, "choice", "? ")), step.branches, { meet: "line", pen });
    case "parallel":
      return fork(pen(step, bar(step.label)), step.branches, { meet: "bar", pen });
    case "loop":
      return {
        ...frame(`⟳ ${step.label}`, [{ label: "", steps: step.body }], pen),
        open: !step.endless || breaks(step.body),
      };
    case "later":
      return { ...frame(step.label, [{ label: "", steps: step.body }], pen), open: true };
    case "attempt":
      return frame("try", [
        { label: "", steps: step.body },
        ...(step.caught === undefined
          ? []
          : [{ label: `catch ${step.caught.label}`, steps: step.caught.steps }]),
        ...(step.last === undefined ? [] : [{ label: "finally", steps: step.last }]),
      ], pen);
    case "return":
    case "throw":
    case "leave":
      return { ...pen(step, pill(step.label, step.kind === "throw" ? "throw" : "return")), open: false };
    case "workflow":
      return pen(step, label(step.label, "workflow", "workflow "));
    case "timer":
      return pen(step, label(step.label, "timer", "timer "));
    case "signal":
      return pen(step, label(step.label, "signal", "signal "));
    case "send":
      return pen(step, label(step.label, "send", "send "));
    default:
      return pen(step, label(step.label, step.kind, ""));
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
    draw: (
      x,
      y,
    ) => [rect({ x, y, width, height: ROW, radius, kind }), centred(full, x + width / 2, y + ROW / 2)],
  };
}

function pill(text: string, kind: string): Box {
  const width = text.length * CHAR + 28;
  return {
    width,
    height: ROW - 4,
    open: true,
    draw: (x, y) => [
      rect({ x, y, width, height: ROW - 4, radius: 13, kind }),
      centred(text, x + width / 2, y + ROW / 2 - 2),
    ],
  };
}

function bar(text: string): Box {
  const width = text.length * CHAR + 40;
  return {
    width,
    height: HEAD,
    open: true,
    draw: (x, y) => [
      centred(text, x + width / 2, y + 8, "note"),
      rect({ x, y: y + HEAD - 6, width, height: 5, radius: 2, kind: "bar" }),
    ],
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
      return boxes.flatMap((box, index) => {
        const arrow = index === 0 ? [] : [line(x + width / 2, top - GAP, x + width / 2, top, "tip")];
        const drawn = box.draw(x + (width - box.width) / 2, top);
        top += box.height + GAP;
        return [...arrow, ...drawn];
      });
    },
  };
}

/** A head, its branches side by side, and where those that go on meet again. */
function fork(
  head: Box,
  branches: readonly Branch[],
  { meet, pen }: { meet: "line" | "bar"; pen: Pen },
): Box {
  const ways = branches.map(({ label, steps }) => ({
    label,
    box: sequence(steps, pen),
    empty: steps.length === 0,
  }));
  const widths = ways.map(({ label, box }) => Math.max(box.width, label.length * CHAR, 40));
  const across = widths.reduce((sum, width) => sum + width + SIDE, -SIDE);
  const width = Math.max(head.width, across);
  const deepest = Math.max(...ways.map(({ box }) => box.height));
  const top = head.height + GAP + HEAD;
  const height = top + deepest + GAP;
  const open = ways.some(({ box }) => box.open);
  const draw = (x: number, y: number): PictureShape[] => {
    const middle = x + width / 2;
    const parts = [...head.draw(x + (width - head.width) / 2, y)];
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
      parts.push(...box.draw(at - box.width / 2, y + top));
      if (box.open) {
        joined.push(at);
        parts.push(line(at, y + top + box.height, at, low - 6, ""));
      }
      left += widths[index]! + SIDE;
    });
    if (open) {
      const [from, to] = [Math.min(middle, ...joined), Math.max(middle, ...joined)];
      parts.push(
        ...(meet === "bar"
          ? [rect({ x: from - 14, y: low - 6, width: to - from + 28, height: 5, radius: 2, kind: "bar" })]
          : [line(from, low - 6, to, low - 6, ""), line(middle, low - 6, middle, low, "")]),
      );
    }
    return parts;
  };
  return { width, height, open, draw };
}

/** A dashed frame around parts that follow one another. */
function frame(title: string, sections: readonly Branch[], pen: Pen): Box {
  const boxes = sections.map(({ label, steps }) => ({ label, box: sequence(steps, pen) }));
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
      const parts: PictureShape[] = [rect({ x, y, width, height, radius: 6, kind: "frame" })];
      let top = y;
      boxes.forEach(({ label, box }, index) => {
        if (index > 0) {
          parts.push(
            {
              tag: "path",
              attributes: {
                class: "line",
                "stroke-dasharray": "4 3",
                d: `M${round(x)} ${round(top)}h${round(width)}`,
              },
              children: [],
            },
          );
        }
        parts.push(words(index === 0 ? title : label, x + 8, top + 13));
        parts.push(...box.draw(x + (width - box.width) / 2, top + HEAD));
        top += HEAD + box.height + SIDE;
      });
      return parts;
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
): PictureShape {
  const { x, y, width, height, radius, kind } = given;
  const attributes = {
    ...{ class: kind, x: round(x), y: round(y), width: round(width), height: round(height), rx: radius },
  };
  return { tag: "rect", attributes, children: [] };
}

function centred(words: string, x: number, y: number, kind = ""): PictureShape {
  return text(words, { ...(kind === "" ? {} : { class: kind }), x, y, "text-anchor": "middle" });
}

function words(said: string, x: number, y: number): PictureShape {
  return text(said, { class: "note", x, y });
}

function text(
  said: string,
  { x, y, ...more }: { x: number; y: number; class?: string; "text-anchor"?: string },
): PictureShape {
  return { tag: "text", attributes: { ...more, x: round(x), y: round(y), dy: ".35em" }, children: [said] };
}

function line(x1: number, y1: number, x2: number, y2: number, tip: "tip" | ""): PictureShape {
  return path([[x1, y1], [x2, y2]], tip);
}

function path(points: readonly (readonly [number, number])[], tip: "tip" | ""): PictureShape {
  const d = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  return {
    tag: "path",
    attributes: { class: "line", d, ...(tip === "" ? {} : { "marker-end": "url(#tip)" }) },
    children: [],
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
