/**
 * Runs a flow's source in V8, as the body of an async function, against the modelled world.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { JsonValue } from "../../../src/shared/json.ts";
import { carried } from "./carry.ts";
import { createPrelude, type Pending, shown } from "./prelude.ts";
import { SOME_OBJECT } from "./compare.ts";
import { answerOf, MAX_TURNS, type Outcome, settleNext } from "./world.ts";

// The flow language's dates are in UTC.
Deno.env.set("TZ", "UTC");

type Body = (...prelude: unknown[]) => Promise<unknown>;
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (...args: string[]) => Body;

/** What a run is given besides its source. */
export interface World {
  /** The value of `Inputs`. */
  readonly inputs?: JsonValue;
  /** Decides in which order operations settle. */
  readonly order: number;
}

let unhandled: { reason: unknown }[] = [];
let running = false;
globalThis.addEventListener("unhandledrejection", (event) => {
  if (!running) return;
  event.preventDefault();
  unhandled.push({ reason: event.reason });
});

/** Run `source` to its end in V8. A source that V8 cannot compile throws its SyntaxError. */
export async function runInV8(source: string, world: World): Promise<Outcome> {
  const machine = createPrelude(world.inputs ?? {});
  const body = compile(source, Object.keys(machine.names));
  let end: string | undefined;
  unhandled = [];
  running = true;
  try {
    body(...Object.values(machine.names)).then(
      (value) => end = completion(value),
      (error) => end = failure(error),
    );
    for (let turn = 0; end === undefined; turn++) {
      await rest();
      if (unhandled.length > 0) end = failure(unhandled[0]!.reason);
      else if (end !== undefined) break;
      else if (machine.pending.length === 0) end = "stuck";
      else if (turn >= MAX_TURNS) end = "endless";
      else settle(machine.pending, settleNext(world.order, turn, machine.pending.length));
    }
    return { lines: machine.lines, end };
  } finally {
    running = false;
  }
}

function compile(source: string, names: string[]): Body {
  try {
    return new AsyncFunction(...names, `"use strict";\n${source}`);
  } catch (cause) {
    throw new SyntaxError(`V8 refuses: ${(cause as Error).message}\n${source}`, { cause });
  }
}

function completion(value: unknown): string {
  try {
    return `completed ${JSON.stringify(carried(value, "the output")) ?? "null"}`;
  } catch (error) {
    return failure(error);
  }
}

/** When every microtask has run, and unhandled rejections have been reported. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}

/** How a run that threw `error` ends. */
export function failure(error: unknown): string {
  if (error instanceof Error) return `failed ${error.name}: ${error.message}`;
  const some = (typeof error === "object" && error !== null) || typeof error === "function";
  const text = some ? messageOf(error as object) : shown(error);
  return `failed ThrownValue: ${text}`;
}

function messageOf(thrown: object): string {
  const { message } = thrown as { message?: unknown };
  return typeof message === "string" ? message : SOME_OBJECT;
}

function settle(pending: Pending[], indices: number[]): void {
  const chosen = indices.map((index) => pending[index]!);
  for (const one of chosen) {
    pending.splice(pending.indexOf(one), 1);
    const answer = answerOf(one.operation);
    if (answer.ok) one.resolve(structuredClone(answer.output));
    else {
      const { type, code, message } = answer;
      const about = { type, code, executionId: one.id, target: one.operation.target };
      one.reject(Object.assign(new Error(message), about));
    }
  }
}
