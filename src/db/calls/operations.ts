import { ask, type EngineRef } from "./engine_ref.ts";
import type { JsonObject } from "../../shared/json.ts";

/** What is done to many executions. */
export interface StoredOperation {
  /** Its UUIDv7. */
  readonly id: string;
  /** What is done. */
  readonly action: "cancel" | "retry" | "signal" | "pause" | "resume" | "change" | "migrate" | "repair";
  /** Whether it goes on. */
  readonly state: "running" | "stopped" | "completed";
  /** It only records what it would change. */
  readonly dryRun: boolean;
  /** Which executions. */
  readonly filter: JsonObject;
  /** The arguments of the action. */
  readonly args: JsonObject;
  /** Who started it. */
  readonly startedBy: string;
  /** When. */
  readonly createdAt: Date;
  /** When it was completed. */
  readonly endedAt: Date | null;
  /** How many executions it has looked at. */
  readonly looked: number;
  /** How many it has changed, or would change. */
  readonly done: number;
  /** How many there was nothing to change of. */
  readonly unchanged: number;
  /** How many refused the change. */
  readonly refused: number;
  /** How many others have locked; it tries them again. */
  readonly locked: number;
}

/** What an operation did to one execution. */
export interface StoredAct {
  /** The execution. */
  readonly executionId: string;
  /** When. */
  readonly at: Date;
  /** What came of it; nothing: it was locked, and is tried again. */
  readonly result: "done" | "would" | "unchanged" | "refused" | null;
  /** Why it refused. */
  readonly detail: string | null;
}

const COLUMNS = `
  o.id, o.action, o.state, o.dry_run as "dryRun", o.filter, o.args, o.started_by as "startedBy", o.created_at as "createdAt",
  o.ended_at as "endedAt", o.looked::float8 as looked, o.done::float8 as done, o.unchanged::float8 as unchanged,
  o.refused::float8 as refused, o.locked::float8 as locked`;

/** Starts an operation; returns its id. */
export async function startOperation(
  engine: EngineRef,
  given: { action: string; filter: string; args: string; dryRun: string; by: string | null },
): Promise<string> {
  const [row] = await ask<{ id: string }>(
    engine,
    `select rhythm.operate($1::text, $2::text::jsonb, $3::text::jsonb, dry_run => $4::text::boolean, p_by => $5::text) as id`,
    [given.action, given.filter, given.args, given.dryRun, given.by],
  );
  return row!.id;
}

/** Reads an operation; nothing if there is none. */
export async function readOperation(engine: EngineRef, id: string): Promise<StoredOperation | null> {
  const text = `select ${COLUMNS} from rhythm.operations as o where o.id = $1::text::uuid`;
  const [row] = await ask<StoredOperation>(engine, text, [id]);
  return row ?? null;
}

/** The last operations, newest first. */
export async function listOperations(engine: EngineRef, limit: number): Promise<StoredOperation[]> {
  return await ask<StoredOperation>(
    engine,
    `select ${COLUMNS} from rhythm.operations as o order by o.id desc limit ${limit}`,
  );
}

/** What an operation did, in the order of the executions' ids, after one of them. */
export async function listActs(
  engine: EngineRef,
  id: string,
  { after, limit }: { after: string | null; limit: number },
): Promise<StoredAct[]> {
  return await ask<StoredAct>(
    engine,
    `select a.execution_id as "executionId", a.at, a.result, a.detail
    from rhythm.operation_acts as a
    where a.operation_id = $1::text::uuid and ($2::text is null or a.execution_id > $2::text::uuid)
    order by a.execution_id limit ${limit}`,
    [id, after],
  );
}

/** Stops or resumes an operation, or does its next piece; false: nothing changed, or there is no more. */
export async function changeOperation(
  engine: EngineRef,
  verb: "stop" | "resume" | "work",
  id: string,
): Promise<boolean> {
  const [row] = await ask<{ changed: boolean }>(
    engine,
    `select rhythm.${verb}_operation($1::text::uuid) as changed`,
    [id],
  );
  return row!.changed;
}

/** Workflows of an operation that stand at the same place. */
export interface StoredPlace {
  /** The version that they run. */
  readonly version: number;
  /** The lines at which their branches stand. */
  readonly lines: readonly number[];
  /** The text of these lines. */
  readonly sources: readonly string[];
  /** The lines where they go on. */
  readonly toLines: readonly (number | null)[];
  /** The text of these lines. */
  readonly toSources: readonly (string | null)[];
  /** How sure that is. */
  readonly how: "sure" | "likely" | "none" | null;
  /** Why it is not sure. */
  readonly why: string | null;
  /** What came of it. */
  readonly result: "done" | "would" | "unchanged" | "refused" | null;
  /** How many there are. */
  readonly executions: number;
  /** One of them. */
  readonly example: string;
}

/** Where the workflows of an operation stood and where they go on, in groups. */
export async function listPlaces(engine: EngineRef, id: string): Promise<StoredPlace[]> {
  const rows = await ask<{ places: StoredPlace[] }>(
    engine,
    `select coalesce(jsonb_agg(jsonb_build_object(
      'version', p.version, 'lines', p.lines, 'sources', p.sources, 'toLines', p.to_lines, 'toSources', p.to_sources,
      'how', p.how, 'why', p.why, 'result', p.result, 'executions', p.executions, 'example', p.example)), '[]') as places
    from rhythm.operation_places($1::text::uuid) as p`,
    [id],
  );
  return rows[0]!.places;
}
