import type { EngineRef } from "../db/calls/engine_ref.ts";
import { explainExecution } from "../db/calls/executions.ts";
import { readFlowState } from "../db/calls/state.ts";
import type { Reason } from "../define/mod.ts";
import type { JsonObject, JsonValue } from "../shared/json.ts";

const MOMENTS = new Set(["at", "since", "until", "expectedAt", "beatAt"]);
const WAITS = new Set(["task", "workflow", "timer", "signal"]);

/** Why an execution does not continue. The line that waits is in its snapshot, which only the language reads. */
export async function readReasons(engine: EngineRef, id: string): Promise<Reason[]> {
  const reasons = (await explainExecution(engine, id)).map(reasonOf);
  await addLines(engine, id, reasons);
  return reasons;
}

function reasonOf(stored: JsonObject): Reason {
  const entries = Object.entries(stored).map(([name, value]): [string, unknown] => {
    const key = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    return [key, MOMENTS.has(key) ? new Date(value as string) : key === "because" ? becauseOf(value) : value];
  });
  return Object.fromEntries(entries) as unknown as Reason;
}

function becauseOf(stored: JsonValue): Reason[] {
  return (stored as JsonObject[]).map(reasonOf);
}

async function addLines(engine: EngineRef, of: string, reasons: readonly Reason[]): Promise<void> {
  const unplaced = reasons.filter((one) =>
    WAITS.has(one.reason) && one.line === undefined && one.step === undefined
  );
  if (unplaced.length > 0) {
    const lines = await linesOf(engine, of);
    for (const one of unplaced) {
      const line = lines.get(one.id!);
      if (line === undefined) continue;
      one.line = line;
      one.sentence = one.sentence.replace(/^It waits/, `It waits in line ${line}`);
    }
  }
  for (const { reason, id, because } of reasons) {
    if (because === undefined) continue;
    if (reason === "workflow") await addLines(engine, id!, because);
    if (reason === "frozen") await addLines(engine, of, because);
  }
}

/** By what is waited for, the line that waits for it. */
async function linesOf(engine: EngineRef, id: string): Promise<Map<string, number>> {
  const state = await readFlowState(engine, id);
  if (state === null || state.snapshot === null) return new Map();
  const { inspectFlow } = await import("../flow/mod.ts");
  const { fibres } = inspectFlow(state.code as never, state.snapshot as never);
  return new Map(
    fibres.flatMap(({ line, waitsFor }) => waitsFor.map((one): [string, number] => [one, line])),
  );
}
