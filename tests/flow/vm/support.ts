/**
 * Runs flows in tests: compiled from text, with ids that are told by their number and a clock that stands still.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  compileFlow,
  type Effect,
  type FlowHost,
  type FlowStart,
  type Program,
  resumeFlow,
  type Settled,
  type Snapshot,
  startFlow,
  type Step,
  type StepOptions,
} from "../../../src/flow/mod.ts";
import { Outside } from "../../../src/flow/vm/outside.ts";
import type { JsonValue } from "../../../src/shared/json.ts";

/** The moment of every step. */
export const MOMENT: Date = new Date(1_700_000_000_000);

/** A host in whose time all is one step. */
export function createHost(): FlowHost {
  return { executionId: "exec-1", seed: "1", epoch: 0, step: 1, moment: MOMENT };
}

const ids: string[] = [];
const maker = new Outside(createHost());
maker.begin(createHost());

/** The id of `op-1`, `op-2` …: the first, second … that a flow makes. Other ids are given back as they are. */
export function idOf(name: string): string {
  const nth = Number(/^op-(\d+)$/.exec(name)?.[1]);
  if (!(nth > 0)) return name;
  while (ids.length < nth) ids.push(maker.newId());
  return ids[nth - 1]!;
}

const made = /^018bcfe5-6800-7([0-9a-f]{3})-80/;

/** A value in which ids are called `op-1`, `op-2` …. */
export function named<Value>(value: Value): Value {
  if (typeof value === "string") {
    const place = made.exec(value)?.[1];
    return place === undefined ? value : `op-${Number.parseInt(place, 16) + 1}` as Value;
  }
  if (Array.isArray(value)) return value.map(named) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, named(one)])) as Value;
}

/** What an execution starts with. */
export function startWith(inputs: JsonValue = {}): FlowStart {
  const createdAt = "2026-01-02T03:04:05.678Z";
  const context = { executionId: "exec-1", flow: "test", version: 3, queue: "default", attempt: 1 };
  return { inputs, context: { ...context, parentId: null, createdAt, metadata: {} } };
}

/** Compile a source that has no errors. */
export function compile(source: string): Program {
  const { program, diagnostics } = compileFlow({ name: "test.flow", source });
  assert(program, diagnostics.map((one) => `${one.code}: ${one.message}`).join("\n"));
  return JSON.parse(JSON.stringify(program));
}

/** Start a source. */
export function start(source: string, given: StepOptions & { inputs?: JsonValue } = {}): Running {
  const { inputs, ...options } = given;
  const program = compile(source);
  const host = createHost();
  const step = startFlow(program, startWith(inputs), host, options);
  return new Running(program, host, step);
}

/** A flow that is driven step by step, through JSON text each time. */
export class Running {
  readonly program: Program;
  readonly host: FlowHost;
  readonly effects: Effect[] = [];
  /** The last step, with ids that are named. */
  step: Step;
  /** Where it stands. */
  snapshot: Snapshot | undefined;

  constructor(program: Program, host: FlowHost, step: Step) {
    this.program = program;
    this.host = host;
    this.step = named(step);
    this.snapshot = step.snapshot;
    this.effects.push(...this.step.effects);
  }

  /** Go on with what has ended. */
  resume(settled: Settled[], options?: StepOptions): Step {
    const snapshot = JSON.parse(JSON.stringify(this.snapshot));
    const ended = settled.map((one) => ({ ...one, id: idOf(one.id) }));
    const step = resumeFlow(this.program, snapshot, ended, this.host, options);
    this.step = named(step);
    this.snapshot = step.snapshot;
    this.effects.push(...this.step.effects);
    return this.step;
  }

  /** Complete one operation. */
  complete(id: string, output: JsonValue = null): Step {
    return this.resume([{ id, status: "completed", output }]);
  }

  /** Fail one operation. */
  fail(id: string, message: string): Step {
    return this.resume([{ id, status: "failed", error: { type: "Error", message } }]);
  }

  /** The messages logged so far. */
  get logged(): string[] {
    return this.effects.flatMap((effect) => effect.type === "log" ? [effect.message] : []);
  }

  /** What the flow asked for, one word each. */
  get asked(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type === "run_task" || effect.type === "run_workflow") return [effect.target];
      if (effect.type === "await_signal") return [effect.name];
      return effect.type === "start_timer" ? ["timer"] : [];
    });
  }
}

/** The output of a source that never waits. */
export function run(source: string, options?: StepOptions & { inputs?: JsonValue }): JsonValue | undefined {
  const { step } = start(source, options);
  assert.equal(step.status, "completed", JSON.stringify(step.error));
  return step.output;
}
