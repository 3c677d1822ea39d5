import {
  readHistory,
  readReplayStart,
  readReplaySteps,
  type ReplayStart,
  type StoredStep,
} from "../db/calls/history.ts";
import { type ExecutionError, type ExecutionRef, InvalidOptionError } from "../define/mod.ts";
import type { JournalStep } from "../flow/durable/rebuild.ts";
import type {
  Effect,
  FibreView,
  FlowContext,
  FlowView,
  Program,
  Settled,
  Snapshot,
  Step,
} from "../flow/mod.ts";
import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "../shared/json.ts";
import type { ClientCore } from "./core.ts";
import { idOf } from "./request.ts";

/** Something that a workflow took or asked for. */
export interface HistoryItem {
  /** `task`, `workflow`, `timer`, `signal`, `cancellation`, `answer`; a step of a workflow in TypeScript has its own kinds. */
  kind: string;
  /** The execution, timer or wait. */
  id?: string;
  /** The task, workflow or signal. */
  name?: string;
  /** How it ended. */
  status?: string;
  /** It is a signal that somebody waits to be answered. */
  asked?: boolean;
}

/** One step of a workflow, or what a person did to it. */
export interface HistoryStep {
  /** Its number, from 1. Numbers may be missing: those of attempts that were repeated. */
  step: number;
  /** When it was taken. */
  at: Date;
  /** A step, or what a person did. */
  act: "step" | "edited" | "rewound" | "forked" | "migrated" | "repaired" | "continued";
  /** What had ended and was taken, in order. */
  took: HistoryItem[];
  /** What it asked for, in order. Empty where that cannot be rebuilt. */
  started: HistoryItem[];
  /** What it logged. */
  logs: { level: string; message: string; line: number }[];
  /** The lines at which its branches stood before. */
  from: number[];
  /** The lines at which its branches stand after it. */
  to: number[];
  /** Why a person did it. */
  note: string | null;
  /** The database role that did it. */
  by: string | null;
}

/** A workflow as it was after one of its steps. */
export interface PastState {
  /** The execution. */
  id: string;
  /** The number of the step. */
  step: number;
  /** When it was taken. */
  at: Date;
  /** Whether it waited, or how it ended. */
  status: "suspended" | "completed" | "failed" | "cancelled";
  /** The flow. */
  flow: string;
  /** The number of its version. */
  version: number;
  /** The text of that version. */
  source: string;
  /** Every suspended branch: its line, its variables, what it waits for. */
  fibres: FibreView[];
  /** What it asked for in the step. */
  started: HistoryItem[];
  /** Its output, if it completed with the step. */
  output?: JsonValue;
  /** Its error, if it failed with the step. */
  error?: ExecutionError;
}

/** What two states differ in. */
export interface StateChange {
  /** The function of the branch. */
  function: string;
  /** Where the branch stood, and stands; null: there was, or is, no such branch. */
  line: { from: number | null; to: number | null };
  /** The variables that differ. A side that has no such variable is missing. */
  variables: Record<string, { from?: JsonValue; to?: JsonValue }>;
}

/** Where two executions part. */
export interface RunsPart {
  /** The first step that differs. */
  step: number;
  /** The lines at which the one and the other stand after it. */
  lines: [number[], number[]];
  /** What differs: what they took, what they asked for, their variables, or how they ended. */
  differs: ("took" | "started" | "state" | "end")[];
  /** What the one and the other took. */
  took: [HistoryItem[], HistoryItem[]];
  /** The variables that differ. */
  changes: StateChange[];
}

/** A state that is rebuilt. */
export interface Rebuilt {
  readonly start: ReplayStart;
  readonly at: JournalStep;
  readonly step: Step;
}

/** The steps of a workflow, with what each took, started and logged. */
export async function history(
  core: ClientCore,
  execution: ExecutionRef,
  page: { after: number; limit: number },
): Promise<HistoryStep[]> {
  const id = idOf(execution);
  const rows = await core.retried(() => readHistory(core.engine, id, page));
  const rebuilt = await rebuildPage(core, id, rows);
  let from: number[] = rebuilt.before;
  return rows.map(({ step, moment, act, took, note, by }) => {
    const known = rebuilt.steps.get(step);
    const before = from;
    if (known !== undefined) from = known.lines;
    return {
      ...{ step, at: moment, act, took: [...took], started: known?.started ?? [], logs: known?.logs ?? [] },
      ...{ from: known === undefined ? [] : before, to: known?.lines ?? [], note, by },
    };
  });
}

/** A workflow as it was after a step, or at a time. */
export async function stateAt(
  core: ClientCore,
  execution: ExecutionRef,
  when: number | Date,
): Promise<PastState> {
  const id = idOf(execution);
  const number = typeof when === "number" ? when : await stepAt(core, id, when);
  const { start, at, step } = await lastOf(rebuild(core, id, number), {
    ...{ id, number, isExact: typeof when === "number" },
  });
  const { fibres } = await viewOf(start, step);
  // The step with which it started over is not in the journal.
  const status = step.status as PastState["status"];
  return {
    ...{ id, step: at.step, at: at.moment, status, flow: start.flow, version: start.version },
    ...{ source: start.source, fibres, started: step.effects.flatMap(itemOf) },
    ...(step.status === "completed" && { output: step.output ?? null }),
    ...(step.error !== undefined && { error: step.error }),
  };
}

/** What changed between two steps of a workflow. */
export async function difference(
  core: ClientCore,
  execution: ExecutionRef,
  [a, b]: readonly [number, number],
): Promise<StateChange[]> {
  const [one, other] = [await stateAt(core, execution, a), await stateAt(core, execution, b)];
  return changesOf(one.fibres, other.fibres);
}

/** The first step in which two executions part; null: one is as long as the other, and they do the same. */
export async function differenceOfRuns(
  core: ClientCore,
  executions: readonly [ExecutionRef, ExecutionRef],
): Promise<RunsPart | null> {
  const [one, other] = executions.map((execution) => rebuild(core, idOf(execution), null)) as [
    AsyncGenerator<Rebuilt>,
    AsyncGenerator<Rebuilt>,
  ];
  const names = [new Renamed(), new Renamed()];
  for (;;) {
    const [left, right] = [await one.next(), await other.next()];
    if (left.done && right.done) return null;
    const sides = [left, right].map((side) => side.done ? undefined : side.value);
    const views = await Promise.all(
      sides.map((side) => side === undefined ? { fibres: [] } : viewOf(side.start, side.step)),
    );
    const named = sides.map((side, nth) => ({
      took: names[nth]!.of(side?.at.settled ?? null),
      started: names[nth]!.of(side?.step.effects ?? null),
      state: names[nth]!.of(views[nth]!.fibres),
      end: names[nth]!.of([
        side?.step.status,
        side?.step.output,
        side?.step.error?.message,
        side?.at.cancel,
      ]),
    }));
    const differs = (["took", "started", "state", "end"] as const).filter((part) =>
      named[0]![part] !== named[1]![part]
    );
    if (differs.length === 0) continue;
    return {
      step: (sides[0] ?? sides[1])!.at.step,
      lines: views.map(({ fibres }) => fibres.map(({ line }) => line)) as [number[], number[]],
      differs,
      took: sides.map((side) =>
        (side?.at.settled ?? []).map(({ id, status }) => ({ kind: "item", id, status }))
      ) as [
        HistoryItem[],
        HistoryItem[],
      ],
      changes: changesOf(views[0]!.fibres, views[1]!.fibres),
    };
  }
}

/** Rebuilds every state of a workflow, and says where it is not what is stored; nothing: it all fits. */
export async function checkHistory(core: ClientCore, execution: ExecutionRef): Promise<string[]> {
  const id = idOf(execution);
  const found: string[] = [];
  let last: Rebuilt | undefined;
  for await (const one of rebuild(core, id, null)) last = one;
  const start = last?.start ?? await core.retried(() => readReplayStart(core.engine, id, null));
  const { seq, snapshot, status, output } = start;
  if (status === "completed" && last?.step.status !== "completed") {
    found.push(`It is completed, and its last step ends as ${last?.step.status ?? "nothing"}`);
  } else if (status === "completed" && !isDeepStrictEqual(last!.step.output ?? null, output)) {
    found.push("Its output is not what its last step gives");
  } else if (snapshot !== null && status !== "completed") {
    const stored = start.base?.step === seq ? start.base?.snapshot : await snapshotAt(core, id, seq!);
    if (!isDeepStrictEqual(stored, snapshot)) found.push(`The stored state is not that of step ${seq}`);
  }
  return found;
}

/** The state of a workflow after a step: from the journal, or as a person left it. */
export async function snapshotAt(core: ClientCore, id: string, step: number): Promise<JsonValue> {
  let last: Rebuilt | undefined;
  for await (const one of rebuild(core, id, step)) last = one;
  return (last?.step.snapshot ?? null) as JsonValue;
}

/** Takes the steps of a workflow again, up to one. Begins at the newest state that a person made. */
export async function* rebuild(core: ClientCore, id: string, upTo: number | null): AsyncGenerator<Rebuilt> {
  const start = await core.retried(() => readReplayStart(core.engine, id, upTo));
  const steps = await core.retried(() => readSteps(core, start, upTo));
  const { rebuildFlow } = await import("../flow/durable/rebuild.ts");
  const { id: executionId, seed, epoch, base } = start;
  const program = start.code as unknown as Program;
  if (base !== null && base.snapshot !== null) {
    const step = {
      status: "suspended",
      snapshot: base.snapshot as unknown as Snapshot,
      effects: [],
      waits: [],
      released: [],
    };
    yield {
      start,
      at: { step: base.step, moment: new Date(base.at), settled: [] },
      step: { ...step, moment: "" } as Step,
    };
  }
  if (steps.length === 0) return;
  // It started over there, or never was changed: it begins with its inputs.
  const from = base === null || base.snapshot === null
    ? { inputs: start.inputs, context: contextOf(start, steps[0]!.step - (base?.step ?? 0)) }
    : { snapshot: base.snapshot as unknown as Snapshot };
  for (const one of rebuildFlow(program, from, { executionId, seed, epoch }, steps)) yield { start, ...one };
}

async function readSteps(core: ClientCore, start: ReplayStart, upTo: number | null): Promise<JournalStep[]> {
  const steps: JournalStep[] = [];
  for await (
    const { step, moment, cancelled, settled } of readReplaySteps(
      core.engine,
      start.id,
      start.base?.step ?? 0,
    )
  ) {
    if (upTo !== null && step > upTo) break;
    steps.push({
      ...{ step, moment, settled: settled as unknown as Settled[] },
      ...(cancelled && { cancel: start.cancelReason ?? "" }),
    });
  }
  return steps;
}

// Each repeated attempt takes a number of its own, so the first step has the number of the attempt.
export function contextOf(
  { id, flow, version, queue, parentId, metadata }: ReplayStart,
  firstStep: number,
): FlowContext {
  const createdAt = new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString();
  return { executionId: id, flow, version, queue, attempt: firstStep, parentId, createdAt, metadata };
}

async function viewOf(start: ReplayStart, { snapshot }: Step): Promise<FlowView> {
  if (snapshot === undefined) return { fibres: [] };
  const { inspectFlow } = await import("../flow/mod.ts");
  return inspectFlow(start.code as unknown as Program, snapshot);
}

async function lastOf(
  steps: AsyncGenerator<Rebuilt>,
  { id, number, isExact }: { id: string; number: number; isExact: boolean },
): Promise<Rebuilt> {
  let last: Rebuilt | undefined;
  for await (const one of steps) last = one;
  if (last === undefined || isExact && last.at.step !== number) {
    throw new InvalidOptionError(
      "step",
      `Workflow ${id} ${
        isExact ? `has no step ${number}` : "had not begun yet"
      }: executions.history() lists its steps`,
    );
  }
  return last;
}

async function stepAt(core: ClientCore, id: string, when: Date): Promise<number> {
  let found = 0;
  for (let after = 0;;) {
    const page = await core.retried(() => readHistory(core.engine, id, { after, limit: 10_000 }));
    for (const { step, moment } of page) if (moment <= when) found = step;
    if (page.length < 10_000) return found;
    after = page.at(-1)!.step;
  }
}

interface StepView {
  readonly lines: number[];
  readonly started: HistoryItem[];
  readonly logs: HistoryStep["logs"];
}

/** What rebuilding adds to a page of steps. Nothing for a workflow in TypeScript, and for a caller that may not rebuild. */
async function rebuildPage(
  core: ClientCore,
  id: string,
  rows: readonly StoredStep[],
): Promise<{ before: number[]; steps: Map<number, StepView> }> {
  const steps = new Map<number, StepView>();
  let before: number[] = [];
  const [first, last] = [rows[0]?.step ?? 0, rows.at(-1)?.step ?? 0];
  const wanted = new Set(rows.map(({ step }) => step));
  let earlier: Rebuilt | undefined;
  try {
    for (let next: number | null = last; next !== null;) {
      // Each part between two acts of people begins at a state of its own.
      let base: number | null = null;
      for await (const one of rebuild(core, id, next)) {
        base = one.start.base?.step ?? null;
        if (wanted.has(one.at.step)) {
          steps.set(one.at.step, {
            lines: (await viewOf(one.start, one.step)).fibres.map(({ line }) => line),
            started: one.step.effects.flatMap(itemOf),
            logs: one.step.effects.flatMap(lineOf),
          });
        } else if (one.at.step < first) earlier = one;
      }
      if (earlier !== undefined) {
        before = (await viewOf(earlier.start, earlier.step)).fibres.map(({ line }) => line);
      }
      next = base !== null && base > first ? base - 1 : null;
    }
  } catch (error) {
    if (!isNoRebuild(error)) throw error;
  }
  return { before, steps };
}

/** Whether an error says that a state cannot be rebuilt: of a workflow in TypeScript, or for want of a right. */
export function isNoRebuild(error: unknown): boolean {
  const { code, sqlState } = error as { code?: string; sqlState?: string };
  return [code, sqlState].some((one) => one === "42501" || one === "RH003" || one === "EXECUTION_STATE");
}

export function itemOf(effect: Effect): HistoryItem[] {
  switch (effect.type) {
    case "run_task":
      return [{ kind: "task", id: effect.id, name: effect.target }];
    case "run_workflow":
      return [{ kind: "workflow", id: effect.id, name: effect.target }];
    case "start_timer":
      return [{ kind: "timer", id: effect.id }];
    case "await_signal":
      return [{ kind: "signal", id: effect.id, name: effect.name }];
    case "send_signal":
      return [{ kind: "signal to", id: effect.executionId, name: effect.name }];
    case "answer":
      return [{ kind: "answer", id: effect.wait }];
    case "log":
      return [];
  }
}

function lineOf(effect: Effect): HistoryStep["logs"] {
  return effect.type === "log"
    ? [{ level: effect.level, message: effect.message, line: effect.at.line }]
    : [];
}

/** Branches are paired by their function, in order. */
export function changesOf(from: readonly FibreView[], to: readonly FibreView[]): StateChange[] {
  const found: StateChange[] = [];
  const left = [...from];
  for (const now of to) {
    const nth = left.findIndex((was) => was.function === now.function);
    const [was] = nth < 0 ? [] : left.splice(nth, 1);
    const variables = changedVariables(was?.variables ?? {}, now.variables);
    if (was?.line !== now.line || Object.keys(variables).length > 0) {
      found.push({ function: now.function, line: { from: was?.line ?? null, to: now.line }, variables });
    }
  }
  for (const was of left) {
    found.push({
      ...{ function: was.function, line: { from: was.line, to: null } },
      variables: changedVariables(was.variables, {}),
    });
  }
  return found;
}

function changedVariables(
  from: Record<string, JsonValue>,
  to: Record<string, JsonValue>,
): StateChange["variables"] {
  const variables: StateChange["variables"] = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (isDeepStrictEqual(from[name], to[name])) continue;
    variables[name] = {
      ...(Object.hasOwn(from, name) && { from: from[name]! }),
      ...(Object.hasOwn(to, name) && { to: to[name]! }),
    };
  }
  return variables;
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

/** Two executions have other ids: each is named by its place. */
class Renamed {
  readonly #names = new Map<string, string>();

  of(value: unknown): string {
    return (JSON.stringify(value) ?? "").replace(ID, (id) => {
      if (!this.#names.has(id)) this.#names.set(id, `#${this.#names.size}`);
      return this.#names.get(id)!;
    });
  }
}
