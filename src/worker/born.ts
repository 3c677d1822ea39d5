import type { BornRow } from "../db/calls/worker.ts";
import type { JsonValue } from "../shared/json.ts";
import type { Claimed, Outcome } from "./engine.ts";

/**
 * Tasks that outcomes started, and that are leased to this worker already.
 *
 * @param born what the engine says of them, each kind once
 * @param outcomes what was settled: it holds their inputs
 * @returns the tasks, as a claim gives them
 */
export function bornOf(born: readonly BornRow[], outcomes: readonly Outcome[]): Claimed[] {
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
