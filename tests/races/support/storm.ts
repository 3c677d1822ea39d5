/**
 * What the storms throw: a small generator of random numbers, and outcomes that workflows and tasks may have.
 *
 * @module
 */

import type { Outcome } from "./sessions.ts";

/** A claimed execution, as far as a storm cares. */
export type Row = { id: string; type: string; call: number };

/** Gives a whole number below `sides`. */
export type Dice = (sides: number) => number;

/** A small generator of its own, so that a storm can be had again. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * sides);
  };
}

/** What a workflow may say: it starts things and waits, or ends. */
export function outcomeOf(row: Row, roll: Dice): Outcome {
  const { id, call } = row;
  if (row.type === "task" || roll(3) === 0) {
    return roll(4) === 0
      ? { id, call, status: "failed", retryable: roll(2) === 0, error: { type: "Error", message: "no" } }
      : { id, call, status: "completed", output: roll(100) };
  }
  const ids = Array.from({ length: 1 + roll(4) }, () => crypto.randomUUID());
  const effects = ids.map((wait, nth) =>
    nth === 0 && roll(3) === 0
      ? { type: "await_signal", id: wait, name: "s", timeoutAt: new Date(Date.now() + 300).toISOString() }
      : roll(4) === 0
      ? { type: "start_timer", id: wait, at: new Date(Date.now() + roll(100)).toISOString() }
      : roll(8) === 0
      ? { type: "run_task", id: wait, target: "t", inputs: {} }
      : roll(8) === 0
      ? { type: "run_workflow", id: wait, target: "f", inputs: {} }
      : roll(4) === 0
      // The keys of start() and create_many() in a storm are among them.
      ? {
        ...{ id: wait, inputs: {} },
        ...(roll(2) === 0 ? { type: "run_task", target: "a" } : { type: "run_workflow", target: "f" }),
        // Two that wait for each other's would wait for ever.
        options: { timeout: 2, idempotency_key: `${roll(2) === 0 ? "k" : "a"}${roll(40)}` },
      }
      : {
        type: "run_task",
        id: wait,
        target: "a",
        inputs: {},
        options: { retry: { max_attempts: 2, initial: 0.01 } },
      }
  );
  const mode = roll(2) === 0 ? "any" : "all";
  return {
    id,
    call,
    status: "suspended",
    snapshot: {},
    effects,
    waits: [{ mode, ids }],
    cleanup: roll(3) === 0,
  };
}
