import { type JsonObject, type JsonValue, storedOrder } from "../../shared/json.ts";
import { sqlOptions } from "../../shared/options.ts";
import type { Claimed, FlowChild, FlowTimer, Settled, StepEnd } from "../engine/engine.ts";
import type { FlowEffect, FlowStep, OpenFlow, StepMoment } from "./flow_runner.ts";

/** What let a workflow go on: the end of a task, or a timer. */
export type Cause = Pick<StepEnd, "id" | "task">;

/** What let a workflow go on, and how far it went. */
export interface StepResult {
  /** What is settled. */
  readonly end: StepEnd;
  /** The task that ended; nothing: it was a timer. */
  readonly task?: Claimed;
  /** How long its handler ran, in milliseconds. */
  readonly tookMs?: number | undefined;
  /** When the timer was due, in milliseconds since 1970. */
  readonly due?: number;
  /** The workflow. */
  readonly flow: Claimed;
  /** Where that stands now. */
  readonly step: FlowStep;
  /** That, open in memory. */
  readonly open: OpenFlow;
}

/** A timer that a step starts, and that alone lets its workflow go on. */
export interface StartTimer extends FlowEffect {
  /** The timer. */
  readonly id: string;
  /** When it is due. */
  readonly at: string;
}

/**
 * Whether this step itself started a task or a timer. If it did, and the database has that, then the step was settled as it is in
 * memory. This does not hold for what an earlier step started: that step may have been refused, and another worker may have taken
 * it differently, under the same number.
 */
export function isStartedIn({ effects }: FlowStep, id: string): boolean {
  return effects.some((effect) =>
    (effect.type === "run_task" || effect.type === "start_timer") && (effect as RunTask).id === id
  );
}

/** Whether the end of one operation, of all that it waits for, lets the workflow go on. */
export function isEnough({ waits }: FlowStep, id: string): boolean {
  return (waits as Wait[]).some(({ mode, ids }) => (mode === "any" || ids.length === 1) && ids.includes(id));
}

/** The timers that a step starts and that alone let the workflow go on. */
export function timersOf(step: FlowStep): StartTimer[] {
  return step.effects.filter((effect): effect is StartTimer =>
    effect.type === "start_timer" && isEnough(step, (effect as StartTimer).id)
  );
}

/**
 * Continues a workflow. If the language throws, it has a defect: then the engine wakes the workflow, and the error is reported
 * where the workflow runs.
 */
export function goOn(open: OpenFlow, { id, task }: Cause, at: StepMoment): FlowStep | undefined {
  const output = task === undefined ? null : storedOrder(JSON.parse(task.output));
  const settled: Settled = { id, status: "completed", output };
  try {
    return open.advance([settled], at);
  } catch {
    return undefined;
  }
}

/**
 * Whether `exchange()` takes a step in this form: no new tags; tasks and timers that it starts, or the end of a workflow without a parent. It
 * takes null inputs for missing ones. A key may belong to another execution, whose end the engine passes on.
 */
export function isPlain(step: FlowStep, flow: Claimed): boolean {
  if (step.tags !== undefined) return false;
  if (step.status === "completed") return step.effects.length === 0 && flow.parentId === null;
  return step.status === "suspended" && step.waits.length === 1 &&
    step.effects.every((effect) =>
      effect.type === "start_timer" || effect.type === "run_task" && isSimple(effect as RunTask)
    );
}

function isSimple({ inputs, options }: RunTask): boolean {
  const { idempotencyKey, unique } = (options ?? {}) as JsonObject;
  return inputs !== null && idempotencyKey === undefined && unique === undefined;
}

/** What is settled: what let a workflow go on, and where it stands now. */
export function endOf(
  cause: Cause,
  flow: Claimed,
  { seq, step, kept }: { seq: number; step: FlowStep; kept: ReadonlyMap<string, unknown> },
): StepEnd {
  const end = { ...cause, flow: flow.id, seq, moment: step.moment! };
  if (step.status === "completed") return { ...end, result: step.output ?? null, children: [] };
  const children: FlowChild[] = [];
  const timers: FlowTimer[] = [];
  for (const effect of step.effects) {
    if (effect.type === "run_task") children.push(childOf(effect as RunTask, flow.traceparent));
    else timers.push(timerOf(effect as StartTimer, kept));
  }
  const [wait] = step.waits as Wait[];
  const { released, cleanup = false } = step;
  return { ...end, rest: { snapshot: step.snapshot!, wait: wait!, cleanup, timers, released }, children };
}

function timerOf({ id, at }: StartTimer, kept: ReadonlyMap<string, unknown>): FlowTimer {
  return { id, at, kept: kept.has(id) };
}

function childOf(effect: RunTask, traceparent: string | null): FlowChild {
  const { id, target, inputs = {} } = effect;
  const { options } = toStored(effect, undefined) as { options?: JsonObject };
  return { id, kind: { ...options, target }, inputs, traceparent };
}

interface RunTask extends FlowEffect {
  readonly id: string;
  readonly target: string;
  readonly inputs?: JsonValue;
}

interface Wait {
  readonly mode: string;
  readonly ids: readonly string[];
}

/** An effect in the engine's words: the language speaks camelCase, as JavaScript does; the engine's options are SQL's. */
export function toStored(effect: FlowEffect, traceparent: string | undefined): JsonValue {
  if (effect.options === undefined && traceparent === undefined) return effect as unknown as JsonValue;
  return {
    ...effect,
    ...(effect.options === undefined ? {} : { options: sqlOptions(effect.options as JsonObject) }),
    ...(traceparent === undefined ? {} : { traceparent }),
  } as unknown as JsonValue;
}
