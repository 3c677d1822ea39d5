import type { FlowAdvance, Outcome } from "./engine.ts";

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

function flowText(flow: FlowAdvance | undefined): string {
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
