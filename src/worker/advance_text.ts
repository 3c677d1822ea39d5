import type { AdvancedEnd, FlowChild } from "./engine.ts";

/** Ends as `settle_advanced()` takes them, each part a JSON array as text. */
export interface AdvanceTexts {
  /** The ends, and where their workflows stand. */
  readonly ends: string;
  /** The tasks that those started. */
  readonly children: string;
  /** What these have in common, each once. */
  readonly kinds: string;
  /** For each child its kind, by number. */
  readonly kindOf: ReadonlyMap<string, number>;
}

/** Writes ends down. What is JSON text already is not parsed again. */
export function advanceTexts(given: readonly AdvancedEnd[]): AdvanceTexts {
  const kinds = new Map<string, number>();
  const kindOf = new Map<string, number>();
  let ends = "";
  let children = "";
  for (const end of given) {
    ends += (ends === "" ? "" : ",") + endText(end);
    for (const child of end.children) {
      const text = JSON.stringify(child.kind);
      let kind = kinds.get(text);
      if (kind === undefined) kinds.set(text, kind = kinds.size);
      kindOf.set(child.id, kind);
      children += (children === "" ? "" : ",") + childText(child, end.flow, kind);
    }
  }
  return { ends: `[${ends}]`, children: `[${children}]`, kinds: `[${[...kinds.keys()].join(",")}]`, kindOf };
}

function endText({ id, task, flow, seq, result, rest }: AdvancedEnd): string {
  const cause = task === undefined ? '"timer":true' : `"attempt":${task.attempt},"output":${task.output}`;
  const head = `{"id":"${id}",${cause},"flow":"${flow}","seq":${seq}`;
  if (rest === undefined) return `${head},"next":"completed","result":${JSON.stringify(result ?? null)}}`;
  const { snapshot, wait, cleanup, timers, released } = rest;
  let text = `${head},"next":"suspended","snapshot":${JSON.stringify(snapshot)},"mode":"${wait.mode}","ids":${
    JSON.stringify(wait.ids)
  }`;
  if (cleanup) text += ',"cleanup":true';
  if (timers.length > 0) text += `,"timers":${JSON.stringify(timers)}`;
  if (released.length > 0) text += `,"released":${JSON.stringify(released)}`;
  return `${text}}`;
}

function childText({ id, inputs, traceparent }: FlowChild, flow: string, kind: number): string {
  const trace = traceparent === null ? "" : `,"traceparent":${JSON.stringify(traceparent)}`;
  return `{"id":"${id}","flow":"${flow}","kind":${kind},"inputs":${JSON.stringify(inputs)}${trace}}`;
}
