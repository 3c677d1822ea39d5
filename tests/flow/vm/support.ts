/**
 * Runs flows in tests: compiled from text, with ids that count up and a clock that stands still.
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
  startFlow,
  type Step,
  type StepOptions,
} from "../../../src/flow/mod.ts";
import type { JsonValue } from "../../../src/shared/json.ts";

/** A host without chance; ids are `op-1`, `op-2` … */
export function createHost(first = 1): FlowHost {
  let next = first;
  return { now: () => new Date(1_700_000_000_000), random: () => 0.25, newId: () => `op-${next++}` };
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
export function start(source: string, options: StepOptions & { inputs?: JsonValue } = {}): Running {
  const program = compile(source);
  const host = createHost();
  const step = startFlow(program, startWith(options.inputs), host, options);
  return new Running(program, host, step);
}

/** A flow that is driven step by step, through JSON text each time. */
export class Running {
  readonly program: Program;
  readonly host: FlowHost;
  readonly effects: Effect[] = [];
  step: Step;

  constructor(program: Program, host: FlowHost, step: Step) {
    this.program = program;
    this.host = host;
    this.step = step;
    this.effects.push(...step.effects);
  }

  /** Go on with what has ended. */
  resume(settled: Settled[], options?: StepOptions): Step {
    const snapshot = JSON.parse(JSON.stringify(this.step.snapshot));
    this.step = resumeFlow(this.program, snapshot, settled, this.host, options);
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
