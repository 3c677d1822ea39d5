import type { Branch, FlowGraph, Step } from "./model.ts";

/** An open end: where the next step is tied to, and under which words. */
interface End {
  from: string;
  label: string;
}

/** Draws a flow as a Mermaid flowchart. */
export function renderMermaid(graph: FlowGraph): string {
  const writer = new MermaidWriter();
  writer.chart(graph.name, graph.steps);
  for (const { name, steps } of graph.functions) writer.chart(`${name}()`, steps);
  return writer.text();
}

class MermaidWriter {
  readonly #lines: string[] = ["flowchart TD"];
  #count = 0;
  /** Where `break` and `continue` lead, innermost last. */
  readonly #loops: { head: string; exits: End[] }[] = [];

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  chart(name: string, steps: readonly Step[]): void {
    const start = this.#node(`(["${escape(name)}"])`);
    const ends = this.#steps(steps, [{ from: start, label: "" }]);
    if (ends.length > 0) this.#tie(ends, this.#node(`(["end"])`));
  }

  #steps(steps: readonly Step[], ends: End[]): End[] {
    for (const step of steps) {
      if (ends.length === 0) break;
      ends = this.#step(step, ends);
    }
    return ends;
  }

  #step(step: Step, ends: End[]): End[] {
    switch (step.kind) {
      case "choice": {
        const node = this.#node(`{"${escape(step.label)}"}`);
        this.#tie(ends, node);
        return step.branches.flatMap(({ label, steps }) => this.#steps(steps, [{ from: node, label }]));
      }
      case "parallel":
        return this.#parallel(step.label, step.branches, ends);
      case "loop": {
        const head = this.#node(`{{"${escape(step.label)}"}}`);
        this.#tie(ends, head);
        const loop = { head, exits: [] as End[] };
        this.#loops.push(loop);
        const body = this.#steps(step.body, [{ from: head, label: "" }]);
        this.#loops.pop();
        this.#tie(body, head);
        return [...(step.endless ? [] : [{ from: head, label: "done" }]), ...loop.exits];
      }
      case "later": {
        const node = this.#node(`[/"${escape(step.label)}"/]`);
        this.#tie(ends, node);
        this.#steps(step.body, [{ from: node, label: "later" }]);
        return [{ from: node, label: "" }];
      }
      case "attempt": {
        const node = this.#node(`[/"try"/]`);
        this.#tie(ends, node);
        const body = this.#steps(step.body, [{ from: node, label: "" }]);
        const caught = step.caught === undefined
          ? []
          : this.#steps(step.caught.steps, [{ from: node, label: `catch ${step.caught.label}` }]);
        return step.last === undefined
          ? [...body, ...caught]
          : this.#finally(step.last, [...body, ...caught], node);
      }
      case "leave": {
        const loop = this.#loops.at(-1);
        if (loop === undefined) return ends;
        if (step.label.startsWith("continue")) this.#tie(ends, loop.head);
        else loop.exits.push(...ends.map((end) => ({ ...end, label: end.label || "break" })));
        return [];
      }
      case "return":
      case "throw": {
        this.#tie(ends, this.#node(`(["${escape(step.label)}"])`));
        return [];
      }
      default: {
        const node = this.#node(shapeOf(step));
        this.#tie(ends, node);
        return [{ from: node, label: "" }];
      }
    }
  }

  #parallel(label: string, branches: readonly Branch[], ends: End[]): End[] {
    const fork = this.#node(`[["${escape(label)}"]]`);
    this.#tie(ends, fork);
    const open = branches.flatMap(({ label, steps }) => this.#steps(steps, [{ from: fork, label }]));
    const join = this.#node(`((" "))`);
    this.#tie(open, join);
    return [{ from: join, label: "" }];
  }

  #finally(steps: readonly Step[], ends: End[], attempt: string): End[] {
    const node = this.#node(`[/"finally"/]`);
    this.#tie(ends.length === 0 ? [{ from: attempt, label: "" }] : ends, node);
    return this.#steps(steps, [{ from: node, label: "" }]);
  }

  #node(shape: string): string {
    const id = `n${++this.#count}`;
    this.#lines.push(`  ${id}${shape}`);
    return id;
  }

  #tie(ends: readonly End[], to: string): void {
    for (const { from, label } of ends) {
      this.#lines.push(label === "" ? `  ${from} --> ${to}` : `  ${from} -->|"${escape(label)}"| ${to}`);
    }
  }
}

function shapeOf(step: Step): string {
  const label = escape(step.label);
  switch (step.kind) {
    case "task":
      return `["${label}"]`;
    case "workflow":
      return `[["workflow ${label}"]]`;
    case "timer":
      return `>"wait ${label}"]`;
    case "signal":
      return `>"signal ${label}"]`;
    case "send":
      return `["send ${label}"]`;
    default:
      return `[["${label}"]]`;
  }
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "#quot;").replaceAll("<", "&lt;").replaceAll(
    ">",
    "&gt;",
  );
}
