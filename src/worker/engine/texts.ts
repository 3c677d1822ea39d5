import type { LeasedChildrenRow, TaskEnds } from "../../db/calls/worker.ts";
import type { JsonValue } from "../../shared/json.ts";
import type { Claimed, FlowChild, FlowOutcome, Outcome, StepEnd } from "./engine.ts";

/** Outcomes as `settle()` takes them: JSON text. What is JSON text already is not parsed again. */
export function outcomesText(outcomes: readonly Outcome[]): string {
  let text = "";
  for (const outcome of outcomes) text += (text === "" ? "[" : ",") + outcomeText(outcome);
  return text === "" ? "[]" : `${text}]`;
}

function outcomeText(outcome: Outcome): string {
  const seq = outcome.seq === undefined ? "" : `,"seq":${outcome.seq}`;
  const head = `{"id":"${outcome.id}","attempt":${outcome.attempt}${seq},"status":"${outcome.status}"`;
  switch (outcome.status) {
    case "completed":
      return `${head},"output":${outcome.output}${flowText(outcome.flow)}}`;
    case "failed":
      return `${head},"error":${JSON.stringify(outcome.error)},"retryable":${outcome.retryable}${
        flowText(outcome.flow)
      }}`;
    case "released":
      return `${head},"reason":${JSON.stringify(outcome.reason)},"delay_ms":${outcome.delayMs}}`;
    default:
      return `${head}${flowText(outcome.flow)}}`;
  }
}

function flowText(flow: FlowOutcome | undefined): string {
  if (flow === undefined) return "";
  let text = "";
  if (flow.effects.length > 0) text += `,"effects":${JSON.stringify(flow.effects)}`;
  if (flow.snapshot === null) return text;
  text += `,"snapshot":${JSON.stringify(flow.snapshot)},"waits":${JSON.stringify(flow.waits)}`;
  if (flow.released.length > 0) text += `,"released":${JSON.stringify(flow.released)}`;
  if (flow.stack !== undefined) text += `,"stack":${JSON.stringify(flow.stack)}`;
  if (flow.cleanup !== undefined) text += `,"cleanup":${flow.cleanup}`;
  return text;
}

/** Outcomes as `settle_tasks()` takes them; nothing: some are not ends of tasks that no workflow started. */
export function taskEnds(outcomes: readonly Outcome[]): TaskEnds | undefined {
  let isSorted = true;
  for (const [nth, { id, status, hasParent }] of outcomes.entries()) {
    if (status !== "completed" || hasParent !== false) return undefined;
    if (nth > 0 && id < outcomes[nth - 1]!.id) isSorted = false;
  }
  const sorted = isSorted ? outcomes : outcomes.toSorted((a, b) => a.id < b.id ? -1 : 1);
  return {
    ids: sorted.map(({ id }) => id),
    attempts: sorted.map(({ attempt }) => attempt),
    outputs: `[${
      sorted.map((outcome) => outcome.status === "completed" ? outcome.output : "null").join(",")
    }]`,
  };
}

/** Ends as `settle_advanced()` takes them, each part a JSON array as text. */
export interface StepTexts {
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
export function stepTexts(given: readonly StepEnd[]): StepTexts {
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

function endText({ id, task, flow, seq, result, rest }: StepEnd): string {
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

/**
 * Tasks that outcomes started, and that are leased to this worker already.
 *
 * @param born what the engine says of them, each kind once
 * @param outcomes what was settled: it holds their inputs
 * @returns the tasks, as a claim gives them
 */
export function leasedChildren(born: readonly LeasedChildrenRow[], outcomes: readonly Outcome[]): Claimed[] {
  const inputs = inputsOf(outcomes);
  return born.flatMap(({ ids, ...kind }) =>
    ids.map((id): Claimed => ({
      id,
      kind: "task",
      target: kind.target,
      queue: kind.queue,
      attempt: 1,
      maxAttempts: kind.max_attempts,
      inputs: inputs.get(id) as JsonValue,
      metadata: kind.metadata,
      traceparent: kind.traceparent,
      parentId: kind.parent_id,
      createdAt: kind.created_at,
      timeoutMs: kind.timeout_ms,
      flow: null,
    }))
  );
}

function inputsOf(outcomes: readonly Outcome[]): Map<string, JsonValue> {
  const inputs = new Map<string, JsonValue>();
  for (const outcome of outcomes) {
    if (!("flow" in outcome)) continue;
    for (const effect of outcome.flow?.effects ?? []) {
      // As in the row: null is one, what is missing is an empty object.
      const { type, id, inputs: given = {} } = effect as { type: string; id?: string; inputs?: JsonValue };
      if (type === "run_task" && id !== undefined) inputs.set(id, given);
    }
  }
  return inputs;
}
