/**
 * The outside world of a generated program: what its durable operations answer, and in which order.
 * Both machines ask the same pure functions, so they see the same world.
 *
 * @module
 */

import type { JsonValue } from "../../../src/shared/json.ts";

/** A durable operation, in the order in which the program asked for it. */
export interface Operation {
  readonly ordinal: number;
  readonly kind: "task" | "workflow" | "timer" | "signal";
  readonly target: string;
  readonly inputs: JsonValue;
}

/** What an operation answers. */
export type Answer =
  | { readonly ok: true; readonly output: JsonValue }
  | { readonly ok: false; readonly type: string; readonly message: string; readonly code: string };

/** Everything about a run that can be compared. */
export interface Outcome {
  /** Log lines and effects, in order. */
  readonly lines: string[];
  /** `completed <json>`, `failed <type>: <message>`, `stuck` or `refused <code>`. */
  readonly end: string;
}

const EXECUTION = "00000000-0000-7000-8000-000000000001";

/** The time, all through a run. */
export const NOW = 1_700_000_000_000;

/** What time, chance and ids of a run come from; in its time all is one step. */
export const HOST = { executionId: EXECUTION, seed: "1", epoch: 0, step: 1, moment: new Date(NOW) };

/** What every flow is told about its execution. */
export const CONTEXT = {
  executionId: EXECUTION,
  flow: "fuzz",
  version: 1,
  queue: "default",
  attempt: 1,
  parentId: null,
  createdAt: "2024-01-02T03:04:05.678Z",
  metadata: {},
};

/** A run that asks for more operations than this is cut off (`endless`). */
export const MAX_TURNS = 400;

/** The answer of an operation: the target's name decides, so that programs can be written sensibly. */
export function answerOf(operation: Operation): Answer {
  const { ordinal, kind, target, inputs } = operation;
  if (kind === "timer") return { ok: true, output: null };
  if (target.startsWith("fail")) {
    return { ok: false, type: "Error", message: `${target} ${ordinal} failed`, code: "TASK_FAILED" };
  }
  if (target.startsWith("number")) return { ok: true, output: ordinal * 3 - 4 };
  if (target.startsWith("list")) return { ok: true, output: [ordinal, "x", null, inputs] };
  if (target.startsWith("text")) return { ok: true, output: `t${ordinal}` };
  return { ok: true, output: { n: ordinal, of: inputs, list: [1, ordinal] } };
}

/** Which of the pending operations settle next: some of the indices below `count`, in order of settling. */
export function settleNext(order: number, turn: number, count: number): number[] {
  const roll = Math.imul(order ^ Math.imul(turn + 1, 0x9e3779b1), 0x85ebca6b) >>> 0;
  const first = (roll >>> 4) % count;
  if (count === 1 || roll % 3 !== 0) return [first];
  const second = (first + 1 + (roll >>> 13) % (count - 1)) % count;
  return [first, second];
}

/** One comparable line for an effect. */
export function effectLine(kind: Operation["kind"], target: string, inputs: JsonValue): string {
  return `${kind} ${target} ${JSON.stringify(inputs)}`;
}
