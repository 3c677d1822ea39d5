import type { TaskEnds } from "../db/calls/worker.ts";
import type { Outcome } from "./engine.ts";

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
