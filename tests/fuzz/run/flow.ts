/**
 * Runs a flow's source in our machine against the modelled world, with its state turned into
 * JSON text and back at every suspension.
 *
 * @module
 */

import {
  compileFlow,
  type Effect,
  type FlowHost,
  type OpenFlow,
  openFlow,
  type Program,
  resumeFlow,
  type Settled,
  startFlow,
  type Step,
} from "../../../src/flow/mod.ts";
import { DROPPED } from "../../../src/flow/durable/dropped.ts";
import type { JsonValue } from "../../../src/shared/json.ts";
import {
  answerOf,
  CONTEXT,
  effectLine,
  HOST,
  MAX_TURNS,
  type Operation,
  type Outcome,
  settleNext,
} from "./world.ts";
import type { World } from "./v8.ts";

/** How the run is interrupted. */
export interface Interruption {
  /** Asked before each job; true stops the machine there, to go on from JSON text. */
  readonly pause?: () => boolean;
  /** Stay in memory from step to step, without ever reading the state back. */
  readonly warm?: true;
  /** The host of a step, by its number; default: one for all, in whose time all is one step. */
  readonly host?: (step: number) => FlowHost;
  /** Told of every step, as a journal keeps it, and how far it came; not with `warm`. */
  readonly record?: (recorded: Recorded) => void;
  /** Cancel the flow instead of settling something for the nth time, from 0; not with `warm`. */
  readonly cancelAt?: number;
  /** Takes the steps in another way. */
  readonly stepper?: Stepper;
}

/** Takes the first step, and then one with each list of what has ended. */
export type Stepper = (settled?: Settled[], cancel?: string) => Step;

/** What a step follows from, besides the state before it. */
export interface Recorded {
  readonly host: FlowHost;
  /** What it took, in order; nothing: it was the first. */
  readonly settled: readonly Settled[] | undefined;
  readonly cancel: string | undefined;
  readonly step: Step;
}

interface Pending {
  id: string;
  operation: Operation;
}

/** Run `source` to its end in our machine. */
export function runInFlow(source: string, world: World, interruption: Interruption = {}): Outcome {
  const compiled = compileSource(source);
  return "end" in compiled ? compiled : runProgram(compiled, world, interruption);
}

/** The program of a source, or how it ends where it is refused. */
export function compileSource(source: string): Program | Outcome {
  const { program, diagnostics } = compileFlow({ name: "fuzz.flow", source });
  if (program) return program;
  const error = diagnostics.find((one) => one.severity === "error");
  return { lines: [], end: `refused ${error?.code}: ${error?.message}` };
}

/** Run a program to its end in our machine. */
export function runProgram(program: Program, world: World, interruption: Interruption = {}): Outcome {
  const run = { lines: [] as string[], pending: [] as Pending[], ordinal: 0 };
  const advance = interruption.stepper ?? stepper(program, world, interruption);
  let cancelled = false;
  let step = advance();
  take(run, step.effects);
  for (let turn = 0; step.status === "suspended";) {
    if (step.paused) step = advance([]);
    else if (turn === interruption.cancelAt && !cancelled) {
      cancelled = true;
      step = advance([], "no longer wanted");
    } else {
      if (run.pending.length === 0) return { lines: run.lines, end: "stuck" };
      if (turn >= MAX_TURNS) return { lines: run.lines, end: "endless" };
      step = advance(settle(run.pending, settleNext(world.order, turn++, run.pending.length)));
    }
    take(run, step.effects);
  }
  return { lines: run.lines, end: endOf(step) };
}

/** Starts the program at the first call, and goes on with what has settled at every other. */
function stepper(
  program: Program,
  world: World,
  { pause, warm, host: hostOf = () => HOST, record }: Interruption,
): Stepper {
  const start = { inputs: world.inputs ?? {}, context: CONTEXT };
  let count = 0;
  let step: Step | undefined;
  let open: OpenFlow | undefined;
  return (settled, cancel) => {
    if (step?.paused !== true) count++;
    const host = { ...hostOf(count), pause };
    if (warm) {
      return settled && open ? open.advance(settled, host) : (open = openFlow(program, start, host)).step;
    }
    const text = JSON.stringify(step?.snapshot);
    step = settled && step
      ? resumeFlow(program, JSON.parse(text), settled, host, { cancel })
      : startFlow(program, start, host);
    record?.({ host, settled, cancel, step });
    return step;
  };
}

function endOf(step: Step): string {
  if (step.status === "completed") return `completed ${JSON.stringify(step.output) ?? "null"}`;
  if (step.status === "cancelled") return "cancelled";
  const { type, message, code } = step.error!;
  if (code === "FLOW_STUCK") return "stuck";
  return `failed ${type}: ${message}`;
}

function take(
  run: { lines: string[]; pending: Pending[]; ordinal: number },
  effects: readonly Effect[],
): void {
  const start = (id: string, kind: Operation["kind"], target: string, inputs: JsonValue): void => {
    run.lines.push(effectLine(kind, target, inputs));
    run.pending.push({ id, operation: { ordinal: run.ordinal++, kind, target, inputs } });
  };
  for (const effect of effects) {
    switch (effect.type) {
      case "log":
        // V8 warns of nothing.
        if (effect.message.startsWith(DROPPED)) break;
        run.lines.push(`${effect.level} ${effect.message}`);
        break;
      case "run_task":
        start(effect.id, "task", effect.target, effect.inputs);
        break;
      case "run_workflow":
        start(effect.id, "workflow", effect.target, effect.inputs);
        break;
      case "start_timer":
        start(effect.id, "timer", "delay", {});
        break;
      case "await_signal":
        start(effect.id, "signal", effect.name, {});
        break;
      case "send_signal":
        run.lines.push(`send ${effect.name} ${JSON.stringify(effect.payload)}`);
        break;
    }
  }
}

function settle(pending: Pending[], indices: number[]): Settled[] {
  const chosen = indices.map((index) => pending[index]!);
  return chosen.map((one) => {
    pending.splice(pending.indexOf(one), 1);
    const answer = answerOf(one.operation);
    if (answer.ok) return { id: one.id, status: "completed", output: answer.output };
    const { type, message, code } = answer;
    return { id: one.id, status: "failed", error: { type, message, code } };
  });
}
