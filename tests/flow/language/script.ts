/**
 * Runs a flow against a script of answers, with its state turned into JSON text and back at every wait.
 *
 * @module
 */

import assert from "node:assert/strict";
import { compileFlow, type Effect, resumeFlow, type Settled, startFlow } from "../../../src/flow/mod.ts";
import type { JsonObject, JsonValue } from "../../../src/shared/json.ts";

/** What settles next: `target` names the task, workflow or signal; a timer is called `timer`. */
export type Answer =
  | readonly [target: string, output: JsonValue]
  | readonly [target: string, failure: { readonly fails: { type?: string; message: string; code?: string } }];

/** How a flow's run ended, and what it asked for on the way. */
export interface Run {
  readonly output?: JsonValue;
  readonly error?: { readonly type: string; readonly message: string };
  /** One word for each effect but `log`: the target. */
  readonly asked: string[];
  readonly logged: string[];
}

/** What {@link runScript} is given besides the source. */
export interface Script {
  readonly name: string;
  readonly inputs?: JsonObject;
  /** The answers in order, or what to answer when these targets are waited for. */
  readonly answers: readonly Answer[] | ((waiting: readonly string[]) => Answer);
}

interface State {
  asked: string[];
  logged: string[];
  pending: Map<string, string>;
}

/** Run `source` to its end. An answer must find something that waits for it, and all must be used. */
export function runScript(source: string, script: Script): Run {
  const { program, diagnostics } = compileFlow({ name: script.name, source });
  assert(program, diagnostics.map((one) => `${one.code}: ${one.message}`).join("\n"));
  const { answers } = script;
  const run: State = { asked: [], logged: [], pending: new Map() };
  let step = startFlow(
    program,
    { inputs: script.inputs ?? {}, context: contextOf(script.name) },
    hostOf(1),
  );
  take(run, step.effects);
  let turn = 0;
  for (; step.status === "suspended"; turn++) {
    const ids = step.waits.flatMap((wait) => wait.ids).filter((id) => run.pending.has(id));
    const waiting = ids.map((id) => run.pending.get(id)!);
    const answer = typeof answers === "function" ? answers(waiting) : answers[turn];
    assert(answer, `no answer left while waiting for ${waiting.join(", ")}`);
    const id = ids[waiting.indexOf(answer[0])];
    assert(id, `nothing waits for ${answer[0]}, only for ${waiting.join(", ")}`);
    run.pending.delete(id);
    const snapshot = JSON.parse(JSON.stringify(step.snapshot));
    step = resumeFlow(program, snapshot, [settled(id, answer[1])], hostOf(turn + 2));
    take(run, step.effects);
  }
  if (typeof answers !== "function") {
    assert.equal(turn, answers.length, "the flow ended before its last answer");
  }
  const error = step.status === "failed" ? step.error as Run["error"] : undefined;
  const output = step.status === "completed" ? step.output : undefined;
  return { output, error, asked: run.asked, logged: run.logged };
}

function hostOf(step: number): Parameters<typeof startFlow>[2] {
  return { executionId: EXECUTION, seed: "1", epoch: 0, step, moment: new Date(1_700_000_000_000) };
}

const EXECUTION = "00000000-0000-7000-8000-000000000001";

function contextOf(flow: string): Parameters<typeof startFlow>[1]["context"] {
  const createdAt = "2024-01-02T03:04:05.678Z";
  return {
    executionId: EXECUTION,
    flow,
    version: 1,
    queue: "default",
    attempt: 1,
    parentId: null,
    createdAt,
    metadata: {},
  };
}

function take(run: State, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.type === "log") run.logged.push(effect.message);
    else if (effect.type === "send_signal") run.asked.push(`send ${effect.name}`);
    else if (effect.type === "answer") run.asked.push("answer");
    else {
      const target = effect.type === "start_timer"
        ? "timer"
        : effect.type === "await_signal"
        ? effect.name
        : effect.target;
      run.asked.push(target);
      run.pending.set(effect.id, target);
    }
  }
}

function settled(id: string, given: Answer[1]): Settled {
  if (typeof given === "object" && given !== null && !Array.isArray(given) && "fails" in given) {
    const fails = given.fails as { type?: string; message: string; code?: string };
    return { id, status: "failed", error: { type: "Error", ...fails } };
  }
  return { id, status: "completed", output: given as JsonValue };
}
