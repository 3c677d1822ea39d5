import type { JsonObject, JsonValue } from "../../shared/json.ts";
import { arrayText, ask, type EngineRef, quotedArrayText } from "./engine_ref.ts";

/** One step of a workflow, or what a person did to it. */
export interface StoredStep {
  /** The number of the step. */
  readonly step: number;
  /** When. */
  readonly moment: Date;
  /** A step, or what a person did. */
  readonly act: "step" | "edited" | "rewound" | "forked" | "migrated" | "repaired" | "continued";
  /** What had ended and was taken, in order. */
  readonly took: readonly StoredItem[];
  /** Why a person did it. */
  readonly note: string | null;
  /** The role that did it. */
  readonly by: string | null;
}

/** What a step took. */
export interface StoredItem {
  /** What kind of thing. */
  readonly kind: string;
  /** Which one. */
  readonly id?: string;
  /** Its task, workflow or signal. */
  readonly name?: string;
  /** How it ended. */
  readonly status?: string;
}

/** Reads the steps of a workflow after a number. */
export async function readHistory(
  engine: EngineRef,
  id: string,
  page: { after: number; limit: number },
): Promise<StoredStep[]> {
  return await ask<StoredStep>(
    engine,
    `select h.step, h.moment, h.act, h.took, h.note, h.by
    from rhythm.history($1::text::uuid, $2::text::integer, $3::text::integer) as h order by h.step`,
    [id, String(page.after), String(page.limit)],
  );
}

/** What a state is rebuilt from, besides the steps. */
export interface ReplayStart {
  /** The execution. */
  readonly id: string;
  /** The name of the flow. */
  readonly flow: string;
  /** The number of its version. */
  readonly version: number;
  /** Its text. */
  readonly source: string;
  /** Its compiled program. */
  readonly code: JsonValue;
  /** The source of its random numbers and ids. */
  readonly seed: string;
  /** How often a person has changed its state. */
  readonly epoch: number;
  /** The queue it waits in. */
  readonly queue: string;
  /** Who started it. */
  readonly parentId: string | null;
  /** What its starter attached. */
  readonly metadata: JsonObject;
  /** What it was started with. */
  readonly inputs: JsonValue;
  /** Its status now. */
  readonly status: string;
  /** Its result. */
  readonly output: JsonValue;
  /** Why it was cancelled. */
  readonly cancelReason: string | null;
  /** The number of its last step; null: it is completed. */
  readonly seq: number | null;
  /** The stored state; null: it is completed, or has not begun. */
  readonly snapshot: JsonValue;
  /** The newest state that a person made; null: none. */
  readonly base: { readonly step: number; readonly at: string; readonly snapshot: JsonValue } | null;
}

/** Reads with what a state of a workflow is rebuilt: that after a step, else the newest. */
export async function readReplayStart(
  engine: EngineRef,
  id: string,
  step: number | null,
): Promise<ReplayStart> {
  const [row] = await ask<{ start: ReplayStart }>(
    engine,
    "select rhythm.replay_start($1::text::uuid, $2::text::integer) as start",
    [id, step === null ? null : String(step)],
  );
  return row!.start;
}

/** One step with what it took, as the language reads it. */
export interface ReplayStep {
  /** The number of the step. */
  readonly step: number;
  /** When it was taken. */
  readonly moment: Date;
  /** Whether it was told that its execution is cancelled. */
  readonly cancelled: boolean;
  /** What had ended and was taken, in order. */
  readonly settled: JsonValue;
}

/** Reads all steps of a workflow after a number, in order, in pages. */
export async function* readReplaySteps(
  engine: EngineRef,
  id: string,
  after: number,
): AsyncGenerator<ReplayStep> {
  const limit = 10_000;
  for (let last = after;;) {
    const rows = await ask<ReplayStep>(
      engine,
      `select r.step, r.moment, r.cancelled, r.settled
      from rhythm.replay_steps($1::text::uuid, $2::text::integer, $3::text::integer) as r order by r.step`,
      [id, String(last), String(limit)],
    );
    yield* rows;
    if (rows.length < limit) return;
    last = rows.at(-1)!.step;
  }
}

/** A state that a person made, and what it rests on. */
export interface ChangedState {
  /** The state. */
  readonly snapshot: JsonValue;
  /** What lets it go on. */
  readonly waits: readonly unknown[];
  /** Whether it has something left to do if it is cancelled. */
  readonly cleanup: boolean;
  /** Why. */
  readonly note: string | null;
}

/** Stores a state with other variables; returns the number of the change. */
export async function editState(
  engine: EngineRef,
  id: string,
  { seq, snapshot, note, tags }: {
    seq: number;
    snapshot: JsonValue;
    note: string | null;
    tags: readonly string[] | null;
  },
): Promise<number> {
  const [row] = await ask<{ step: number }>(
    engine,
    "select rhythm.edit_state($1::text::uuid, $2::text::integer, $3::text::json, $4::text, $5::text::text[]) as step",
    [id, String(seq), JSON.stringify(snapshot), note, tags === null ? null : quotedArrayText(tags)],
  );
  return row!.step;
}

/** Puts a workflow back to an earlier state; returns the number of the change. */
export async function rewindState(
  engine: EngineRef,
  id: string,
  state: ChangedState & {
    seq: number;
    step: number;
    version: number;
    pending: readonly string[];
    effects: JsonValue;
  },
): Promise<number> {
  const [row] = await ask<{ step: number }>(
    engine,
    `select rhythm.rewind_state($1::text::uuid, $2::text::integer, $3::text::json, $4::text::jsonb, $5::text::uuid[], $6::text::jsonb,
      $7::text::boolean, $8::text, $9::text::integer, $10::text::integer) as step`,
    [
      ...[id, String(state.seq), JSON.stringify(state.snapshot), JSON.stringify(state.waits)],
      ...[arrayText(state.pending), JSON.stringify(state.effects), String(state.cleanup), state.note],
      ...[String(state.version), String(state.step)],
    ],
  );
  return row!.step;
}

/** Makes a new workflow that goes on from a state of another one. */
export async function forkState(
  engine: EngineRef,
  id: string,
  state: ChangedState & {
    id: string;
    step: number;
    version: number;
    effects: JsonValue;
    inputs: string | null;
  },
): Promise<void> {
  await ask(
    engine,
    `select rhythm.fork_state($1::text::uuid, $2::text::uuid, $3::text::integer, $4::text::integer, $5::text::json, $6::text::jsonb,
      $7::text::jsonb, $8::text::boolean, $10::text::jsonb, $9::text)`,
    [
      ...[id, state.id, String(state.step), String(state.version), JSON.stringify(state.snapshot)],
      ...[JSON.stringify(state.waits), JSON.stringify(state.effects), String(state.cleanup), state.note],
      state.inputs,
    ],
  );
}

/** Makes a new workflow in TypeScript that goes on from a step of another one; null: it is in the flow language. */
export async function forkSteps(
  engine: EngineRef,
  id: string,
  fork: { id: string; step: number; inputs: string | null; note: string | null; dryRun: boolean },
): Promise<{ id: string | null; starts: { kind: string; name: string }[] } | null> {
  const [row] = await ask<{ made: { id: string | null; starts: { kind: string; name: string }[] } | null }>(
    engine,
    `select rhythm.fork_steps($1::text::uuid, $2::text::integer, $3::text::uuid, $4::text::jsonb, $5::text, $6::text::boolean) as made`,
    [id, String(fork.step), fork.id, fork.inputs, fork.note, String(fork.dryRun)],
  );
  return row!.made;
}

/** An execution with its history, as JSON text. */
export async function exportExecution(engine: EngineRef, id: string): Promise<string> {
  const [row] = await ask<{ file: string }>(
    engine,
    "select rhythm.export_execution($1::text::uuid)::text as file",
    [id],
  );
  return row!.file;
}

/** Stores an exported execution as a frozen copy; returns its id. */
export async function importExecution(engine: EngineRef, file: string, by: string | null): Promise<string> {
  const [row] = await ask<{ id: string }>(
    engine,
    "select rhythm.import_execution($1::text::jsonb, $2::text) as id",
    [file, by],
  );
  return row!.id;
}

/** What was asked for when operations of a workflow began that its journal does not tell: they are older than its base. */
export async function readPendingEffects(
  engine: EngineRef,
  id: string,
  ids: readonly string[],
): Promise<JsonValue[]> {
  const [row] = await ask<{ effects: JsonValue[] }>(
    engine,
    "select rhythm.pending_effects($1::text::uuid, $2::text::uuid[]) as effects",
    [id, arrayText(ids)],
  );
  return row!.effects;
}
