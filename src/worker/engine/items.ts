import type { ExchangeAnswer, ParcelRow, StateRow } from "../../db/calls/worker.ts";
import type { JsonValue } from "../../shared/json.ts";
import type {
  Answer,
  Call,
  Claimed,
  ClaimedFlow,
  Ends,
  FlowChild,
  FlowOutcome,
  Outcome,
  Settled,
  StepEnd,
} from "./engine.ts";

/** Ends in the form of `exchange()`: a JSON array as text. Values that are already JSON text are not parsed again. */
export function endsText({ outcomes, steps, fired, left }: Ends): string {
  const items: string[] = [];
  if (steps.length > 0) items.push(stepsText(steps.map(({ end }) => end)));
  const done = new Map<number, (Outcome & { readonly status: "completed" })[]>();
  for (const outcome of outcomes) {
    if (outcome.status !== "completed" || outcome.hasParent !== false || outcome.flow !== undefined) {
      items.push(outcomeText(outcome));
      continue;
    }
    const alike = done.get(outcome.call);
    if (alike === undefined) done.set(outcome.call, [outcome]);
    else alike.push(outcome);
  }
  for (const [call, alike] of done) items.push(doneText(call, alike));
  if (fired.length > 0) items.push(`{"kind":"fire","timers":${JSON.stringify(fired)}}`);
  if (left.length > 0) items.push(`{"kind":"leave","timers":${JSON.stringify(left)}}`);
  return `[${items.join(",")}]`;
}

// A handler that was told to stop ends as cancelled. So with any other end, it had finished before.
const FINISHED = ',"finished":true';

function doneText(call: number, done: readonly (Outcome & { readonly status: "completed" })[]): string {
  const isSorted = done.every(({ id }, nth) => nth === 0 || done[nth - 1]!.id < id);
  const sorted = isSorted ? done : done.toSorted((a, b) => a.id < b.id ? -1 : 1);
  let ids = "";
  let outputs = "";
  for (const { id, output } of sorted) {
    ids += `${ids === "" ? "" : ","}"${id}"`;
    outputs += (outputs === "" ? "" : ",") + output;
  }
  return `{"kind":"done","call":${call}${FINISHED},"ids":[${ids}],"outputs":[${outputs}]}`;
}

/** An outcome in the form of `exchange()` and `settle_one()`. */
export function outcomeText(outcome: Outcome): string {
  const seq = outcome.seq === undefined ? "" : `,"seq":${outcome.seq}`;
  const head =
    `{"kind":"outcome","id":"${outcome.id}","call":${outcome.call}${seq},"status":"${outcome.status}"`;
  switch (outcome.status) {
    case "completed":
      return `${head}${FINISHED},"output":${outcome.output}${flowText(outcome.flow)}}`;
    case "failed":
      return `${head}${FINISHED},"error":${JSON.stringify(outcome.error)},"retryable":${outcome.retryable}${
        flowText(outcome.flow)
      }}`;
    case "continued":
      return `${head},"output":${outcome.inputs}${flowText(outcome.flow)}}`;
    case "released":
      return `${head},"reason":${JSON.stringify(outcome.reason)},"delay_ms":${outcome.delayMs}}`;
    default:
      return `${head}${flowText(outcome.flow)}}`;
  }
}

function flowText(flow: FlowOutcome | undefined): string {
  if (flow === undefined) return "";
  let text = flow.moment === undefined ? "" : `,"moment":"${flow.moment}"`;
  if (flow.cancelReason !== undefined) text += `,"reason":${JSON.stringify(flow.cancelReason)}`;
  if (flow.effects.length > 0) text += `,"effects":${JSON.stringify(flow.effects)}`;
  if (flow.snapshot === null) return text;
  text += `,"snapshot":${snapshotText(flow.snapshot)},"waits":${JSON.stringify(flow.waits)}`;
  if (flow.released.length > 0) text += `,"released":${JSON.stringify(flow.released)}`;
  if (flow.stack !== undefined) text += `,"stack":${JSON.stringify(flow.stack)}`;
  if (flow.cleanup !== undefined) text += `,"cleanup":${flow.cleanup}`;
  return text;
}

// As the text of a text: the database stores it as it is, and does not parse it.
function snapshotText(snapshot: JsonValue): string {
  return JSON.stringify(JSON.stringify(snapshot));
}

// What children have in common is sent once.
function stepsText(given: readonly StepEnd[]): string {
  const kinds = new Map<string, number>();
  let ends = "";
  let children = "";
  for (const end of given) {
    ends += (ends === "" ? "" : ",") + endText(end);
    for (const child of end.children) {
      const text = JSON.stringify(child.kind);
      let kind = kinds.get(text);
      if (kind === undefined) kinds.set(text, kind = kinds.size);
      children += (children === "" ? "" : ",") + childText(child, end.flow, kind);
    }
  }
  return `{"kind":"steps","ends":[${ends}],"children":[${children}],"kinds":[${
    [...kinds.keys()].join(",")
  }]}`;
}

function endText({ id, task, flow, seq, moment, result, rest }: StepEnd): string {
  const cause = task === undefined ? '"timer":true' : `"call":${task.call},"output":${task.output}`;
  const head = `{"id":"${id}",${cause},"flow":"${flow}","seq":${seq},"moment":"${moment}"`;
  if (rest === undefined) return `${head},"next":"completed","result":${JSON.stringify(result ?? null)}}`;
  const { snapshot, wait, cleanup, timers, released } = rest;
  let text = `${head},"next":"suspended","snapshot":${snapshotText(snapshot)},"mode":"${wait.mode}","ids":${
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
 * The result of a call.
 *
 * @param answer what the engine says
 * @param call what was sent: it holds the inputs of the children that it started
 * @returns the answer, with the executions that were leased one by one
 */
export function answerOf(answer: ExchangeAnswer, call: Call): Answer {
  const claimed: Claimed[] = [];
  let sent: ReadonlyMap<string, SentChild> | undefined;
  let found = 0;
  for (const parcel of answer.parcels) {
    if (parcel.inputs === null) {
      sent ??= childrenOf(call.ends);
      unpackChildren(parcel, { call, sent, into: claimed });
    } else {
      found += parcel.ids.length;
      unpack(parcel, { call, inputs: parcel.inputs, into: claimed });
    }
  }
  return {
    now: answer.now,
    refused: answer.refused,
    declined: new Set(answer.declined),
    early: new Map(Object.entries(answer.early)),
    retried: answer.retried,
    claimed,
    found,
  };
}

interface SentChild {
  readonly inputs: JsonValue;
  readonly parentId: string;
}

function unpackChildren(
  parcel: ParcelRow,
  { call, sent, into }: { call: Call; sent: ReadonlyMap<string, SentChild>; into: Claimed[] },
): void {
  for (const id of parcel.ids) {
    const child = sent.get(id);
    if (child !== undefined) into.push(claimedOf(parcel, call, { id, ...child, flow: null }));
  }
}

function unpack(
  parcel: ParcelRow,
  { call, inputs, into }: { call: Call; inputs: readonly JsonValue[]; into: Claimed[] },
): void {
  const { ids, parents, states } = parcel;
  for (const [nth, id] of ids.entries()) {
    const flow = states === undefined ? null : flowOf(states[nth]!, parcel);
    into.push(claimedOf(parcel, call, { id, inputs: inputs[nth]!, parentId: parents?.[nth] ?? null, flow }));
  }
}

function claimedOf(
  { common, checkpoints }: ParcelRow,
  { number, askedAt }: Call,
  own: Pick<Claimed, "id" | "inputs" | "parentId" | "flow">,
): Claimed {
  return {
    id: own.id,
    call: number,
    askedAt,
    kind: common.type,
    target: common.target,
    queue: common.queue,
    attempt: common.attempt,
    maxAttempts: common.max_attempts,
    failures: common.failures ?? 0,
    inputs: own.inputs,
    checkpoint: checkpoints?.[own.id],
    metadata: common.metadata ?? {},
    traceparent: common.traceparent ?? null,
    parentId: own.parentId,
    timeoutMs: common.timeout_ms ?? null,
    flow: own.flow,
  };
}

function flowOf(
  { seq, snapshot, settled, seed, epoch, cancel_reason, change }: StateRow,
  { common }: ParcelRow,
): ClaimedFlow {
  return {
    program: common.program!,
    version: common.version ?? null,
    seq,
    snapshot: snapshot ?? null,
    settled: (settled ?? []) as unknown as Settled[],
    seed: seed ?? "",
    epoch,
    cancelReason: cancel_reason ?? null,
    ...(change && { change }),
  };
}

function childrenOf({ outcomes, steps }: Ends): Map<string, SentChild> {
  const children = new Map<string, SentChild>();
  for (const { end } of steps) {
    for (const { id, inputs } of end.children) children.set(id, { inputs, parentId: end.flow });
  }
  for (const outcome of outcomes) {
    if (!("flow" in outcome)) continue;
    for (const effect of outcome.flow?.effects ?? []) {
      // As in the row: null is one, what is missing is an empty object.
      const { type, id, inputs = {} } = effect as { type: string; id?: string; inputs?: JsonValue };
      if (type === "run_task" && id !== undefined) children.set(id, { inputs, parentId: outcome.id });
    }
  }
  return children;
}
