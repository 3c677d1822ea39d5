import {
  editState,
  forkState,
  forkSteps,
  readPendingEffects,
  readReplayStart,
  rewindState,
} from "../db/calls/history.ts";
import { type ExecutionRef, InvalidOptionError } from "../define/mod.ts";
import type { AtRest } from "../flow/durable/rebuild.ts";
import type { Effect, FibreView, Program, Snapshot } from "../flow/mod.ts";
import type { JsonObject, JsonValue } from "../shared/json.ts";
import { sqlOptions } from "../shared/options.ts";
import type { ClientCore } from "./core.ts";
import {
  changesOf,
  contextOf,
  type HistoryItem,
  isNoRebuild,
  itemOf,
  rebuild,
  type Rebuilt,
  type StateChange,
} from "./history.ts";
import { listExecutions } from "../db/calls/executions.ts";
import type { PairChoice } from "../flow/migrate/pair.ts";
import { readVersion } from "../db/calls/flows.ts";
import { toJson } from "../shared/json.ts";
import { idOf } from "./request.ts";

/** New values of variables, and why. */
export interface StateChanges {
  /** Which branch, counted from 0 as `executions.at()` lists them. Default: 0, the body of the flow. */
  fibre?: number;
  /** New values of variables in scope. */
  set?: Record<string, unknown>;
  /** Why; it is kept in the history. */
  note?: string;
}

/** Where a workflow is put back to, or a new one begins. */
export interface StepChanges extends StateChanges {
  /** The number of the step. */
  step: number;
}

/** What a change would do, as `dryRun` says it. */
export interface ChangePlan {
  /** The lines and variables that would change. */
  changes: StateChange[];
  /** Children that would be cancelled, because they have begun since; 1,000 at most. */
  cancels: HistoryItem[];
  /** What had been under way at the step. What has ended since is taken again. */
  goesOn: HistoryItem[];
}

/** How a fork differs from the workflow that it is made of. */
export interface ForkChanges extends StepChanges {
  /** The version of the flow on which it goes on. Default: that of the step. */
  version?: number;
  /** What it is started with. Default: what the other one was started with. */
  inputs?: unknown;
  /** With another version: lines of the old one, and those of the new one where to go on. */
  map?: Record<string, number>;
  /** With another version: whether what is likely is done, too. Default: `sure`. */
  accept?: "sure" | "likely";
  /** Only say what would begin. */
  dryRun?: boolean;
}

/** What a fork is, or would be. */
export interface Fork {
  /** The new execution; null in a dry run. */
  id: string | null;
  /** The step that it goes on from. */
  step: number;
  /** What begins again, because it was under way there. */
  starts: HistoryItem[];
}

/** Changes variables of a workflow that waits or has failed; returns the number that the change has among the steps. */
export async function edit(
  core: ClientCore,
  execution: ExecutionRef,
  changes: StateChanges,
): Promise<number> {
  const id = idOf(execution);
  const { code, snapshot, seq } = await core.retried(() => readReplayStart(core.engine, id, null));
  const changed = snapshot === null ? null : await edited(code, snapshot, changes);
  const tags = changed === null ? undefined : await tagsOf(code, changed);
  return await editState(core.engine, id, {
    ...{ seq: seq ?? 0, snapshot: changed, note: changes.note ?? null, tags: tags ?? null },
  });
}

/** Puts a workflow back to an earlier step; returns the number that the change has among the steps. */
export async function rewind(
  core: ClientCore,
  execution: ExecutionRef,
  changes: StepChanges,
): Promise<number> {
  const id = idOf(execution);
  const { seq } = await core.retried(() => readReplayStart(core.engine, id, null));
  const past = await stateToChange(core, id, changes);
  const waits = past.effects.filter(({ type }) => type === "start_timer" || type === "await_signal");
  const effects = [...waits as unknown as JsonValue[], ...tagEffects(core, past)];
  return await rewindState(core.engine, id, {
    ...{
      seq: seq ?? 0,
      step: changes.step,
      version: past.version,
      snapshot: past.snapshot,
      waits: past.waits,
      cleanup: past.cleanup,
    },
    ...{ pending: past.pending, effects, note: changes.note ?? null },
  });
}

/** Says what an edit would do, or with a step a rewind. It changes nothing. */
export async function plan(
  core: ClientCore,
  execution: ExecutionRef,
  { step, ...changes }: StateChanges & { step?: number },
): Promise<ChangePlan> {
  const id = idOf(execution);
  const { code, snapshot, seq } = await core.retried(() => readReplayStart(core.engine, id, null));
  // What has no state is refused, with the reason.
  if (snapshot === null) {
    await editState(core.engine, id, { seq: seq ?? 0, snapshot: null, note: null, tags: null });
  }
  const before = await fibresOf(code, snapshot);
  if (step === undefined) {
    const after = await fibresOf(code, await edited(code, snapshot, changes));
    return { changes: changesOf(before, after), cancels: [], goesOn: [] };
  }
  const past = await stateToChange(core, id, { ...changes, step });
  const after = await fibresOf(past.program as unknown as JsonValue, past.snapshot);
  const children = await core.retried(() =>
    listExecutions(core.engine, {
      ...{ parentId: id, statuses: ["pending", "running", "suspended"], limit: 1_000 },
    })
  );
  const pending = new Set(past.pending);
  return {
    changes: changesOf(before, after),
    cancels: children.filter((child) => !pending.has(child.id)).toReversed()
      .map(({ id, type, target, status }) => ({ kind: type, id, name: target, status })),
    goesOn: past.effects.flatMap(itemOf),
  };
}

async function fibresOf(code: JsonValue, snapshot: JsonValue): Promise<readonly FibreView[]> {
  const { inspectFlow } = await import("../flow/mod.ts");
  return inspectFlow(code as unknown as Program, snapshot as unknown as Snapshot).fibres;
}

/** Makes a new workflow that goes on from a step of another one. */
export async function fork(
  core: ClientCore,
  execution: ExecutionRef,
  { dryRun, version, inputs, map, accept, ...changes }: ForkChanges,
): Promise<Fork> {
  const from = idOf(execution);
  const given = inputs === undefined ? null : toJson(inputs, { what: "inputs" });
  if (map !== undefined) toJson(map, { what: "map" });
  const choice = { ...(map !== undefined && { map }), ...(accept !== undefined && { accept }) };
  let past: StateToChange;
  try {
    past = await stateToChange(
      core,
      from,
      changes,
      version === undefined ? undefined : { version, ...choice },
    );
  } catch (error) {
    if (!isNoRebuild(error)) throw error;
    const fork = { id: core.newId(), step: changes.step, inputs: given, note: changes.note ?? null };
    const made = await forkSteps(core.engine, from, {
      ...{ ...fork, dryRun: dryRun === true || isOfFlows({ ...changes, version, map, accept }) },
    });
    if (made === null) throw error;
    if (isOfFlows({ ...changes, version, map, accept })) {
      throw new InvalidOptionError(
        "changes",
        `Cannot fork workflow ${from} so: a workflow in TypeScript has no variables and lines to change. Give only step, inputs, note and dryRun`,
      );
    }
    return { ...made, step: changes.step };
  }
  const starts = past.effects.flatMap(itemOf);
  if (dryRun === true) return { id: null, step: changes.step, starts };
  const id = core.newId();
  const ids = new Map(past.pending.map((old) => [old, core.newId()]));
  const { renameFlow } = await import("../flow/durable/rebuild.ts");
  const snapshot = renameFlow(past.program, past.snapshot as unknown as Snapshot, {
    ...{ executionId: id, ids },
    ...(given !== null && { inputs: JSON.parse(given) as JsonValue }),
  });
  const renamed = (given: string): string => ids.get(given) ?? given;
  const effects = past.effects.map((effect) => {
    const own = { ...effect, id: renamed((effect as { id: string }).id) } as unknown as JsonObject;
    if (!("options" in own)) return own;
    // The key belongs to the child of the other workflow.
    const { idempotencyKey: _key, idempotencyTtl: _ttl, unique: _unique, ...options } = own
      .options as JsonObject;
    return { ...own, options: sqlOptions(options) };
  });
  const waits = past.waits.map(({ mode, ids: members }) => ({ mode, ids: members.map(renamed) }));
  await forkState(core.engine, from, {
    ...{ id, step: changes.step, version: past.version, snapshot: snapshot as unknown as JsonValue },
    ...{ waits, effects: [...effects, ...tagEffects(core, await tagged(past.program, snapshot))] },
    ...{ cleanup: past.cleanup, note: changes.note ?? null },
    inputs: given,
  });
  return { id, step: changes.step, starts };
}

// What only a workflow in the flow language has.
function isOfFlows({ set, fibre, version, map, accept }: Omit<ForkChanges, "step">): boolean {
  return [set, fibre, version, map, accept].some((one) => one !== undefined);
}

// What a state is found by, as an effect.
function tagEffects(core: ClientCore, { tags }: Pick<AtRest, "tags">): JsonObject[] {
  return tags === undefined ? [] : [{ id: core.newId(), type: "tag", tags }];
}

async function tagged(program: Program, snapshot: Snapshot): Promise<AtRest> {
  const { restOf } = await import("../flow/durable/rebuild.ts");
  return restOf(program, snapshot);
}

async function tagsOf(code: JsonValue, snapshot: JsonValue): Promise<string[] | undefined> {
  return (await tagged(code as unknown as Program, snapshot as unknown as Snapshot)).tags;
}

interface StateToChange extends AtRest {
  readonly program: Program;
  readonly version: number;
  readonly snapshot: JsonValue;
  /** What was asked for when each operation began that is under way. */
  readonly effects: Effect[];
}

/** A state at a step, with the changes, and all that was under way there. */
async function stateToChange(
  core: ClientCore,
  id: string,
  changes: StepChanges,
  to?: PairChoice & { version: number },
): Promise<StateToChange> {
  const asked = new Map<string, Effect>();
  let last;
  for await (const one of rebuild(core, id, changes.step)) {
    last = one;
    for (const effect of one.step.effects) if ("id" in effect) asked.set(effect.id, effect);
  }
  if (last?.at.step !== changes.step || last.step.snapshot === undefined) {
    throw new InvalidOptionError(
      "step",
      last === undefined || last.at.step !== changes.step
        ? `Workflow ${id} has no step ${changes.step}: executions.history() lists its steps`
        : `Workflow ${id} ended with step ${changes.step}: choose an earlier one`,
    );
  }
  const { snapshot, program, version } = await changedState(core, last, changes, to);
  const { restOf } = await import("../flow/durable/rebuild.ts");
  const rest = restOf(program, snapshot as unknown as Snapshot);
  const older = rest.pending.filter((one) => !asked.has(one));
  const known = older.length === 0
    ? []
    : await core.retried(() => readPendingEffects(core.engine, id, older));
  const effects = [
    ...rest.pending.flatMap((one) => asked.get(one) ?? []),
    ...known as unknown as Effect[],
  ];
  return { program, version, snapshot, effects, ...rest };
}

/** A state with other variables, and in another version of its flow if one is named. */
async function changedState(
  core: ClientCore,
  { start, step }: Rebuilt,
  changes: StateChanges,
  to: PairChoice & { version: number } | undefined,
): Promise<{ snapshot: JsonValue; program: Program; version: number }> {
  const { code, flow, version, inputs } = start;
  const program = code as unknown as Program;
  const now = step.snapshot as unknown as JsonValue;
  if (to === undefined || to.version === version) {
    return { snapshot: await edited(code, now, changes), program, version };
  }
  const other = await core.retried(() => readVersion(core.engine, flow, to.version));
  if (other === null) throw new InvalidOptionError("version", `Flow "${flow}" has no version ${to.version}`);
  const { migrateFlow } = await import("../flow/migrate/apply.ts");
  const target = other as unknown as Program;
  const { fibre = 0, set } = changes;
  const moved = migrateFlow(program, step.snapshot!, {
    ...{ ...to, program: target, start: { inputs, context: contextOf(start, 1) } },
    ...(fibre === 0 && set !== undefined && { set: set as JsonObject }),
  });
  return {
    snapshot: await edited(other, moved as unknown as JsonValue, changes),
    program: target,
    version: to.version,
  };
}

async function edited(
  code: JsonValue,
  snapshot: JsonValue,
  { fibre, set }: StateChanges,
): Promise<JsonValue> {
  if (set === undefined) return snapshot;
  const { editFlow } = await import("../flow/durable/rebuild.ts");
  const change = { fibre: fibre ?? 0, set: set as JsonObject };
  return editFlow(
    code as unknown as Program,
    snapshot as unknown as Snapshot,
    change,
  ) as unknown as JsonValue;
}
