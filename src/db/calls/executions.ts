import { arrayText, ask, type EngineRef } from "./engine_ref.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";

/** An execution as it is stored. */
export interface StoredExecution {
  /** Its UUIDv7. */
  id: string;
  /** A task or a workflow. */
  type: "task" | "workflow";
  /** The task's or flow's name. */
  target: string;
  /** Its state. */
  status: "pending" | "running" | "suspended" | "completed" | "failed" | "cancelled" | "frozen";
  /** The queue. */
  queue: string;
  /** Higher goes first. */
  priority: number;
  /** What it was started with. */
  inputs: JsonValue;
  /** The result. */
  output: JsonValue;
  /** The error. */
  error: StoredError | null;
  /** Why it was cancelled. */
  cancelReason: string | null;
  /** Attempts begun. */
  attempt: number;
  /** Attempts that may throw. */
  maxAttempts: number;
  /** Attempts that threw. */
  failures: number;
  /** Attempts that were lost with their worker. */
  crashes: number;
  /** How often it is repeated after one was lost. */
  maxCrashes: number;
  /** What its starter attached. */
  metadata: JsonObject;
  /** What its handler reported last. */
  progress: JsonValue;
  /** What its handler stored last for the next attempt. */
  checkpoint: JsonValue;
  /** Why it is not running although it could. */
  note: string | null;
  /** Who started it. */
  parentId: string | null;
  /** When it was created. */
  createdAt: Date;
  /** When it may run. */
  runAt: Date | null;
  /** It is cancelled if it has not begun by then. */
  expiresAt: Date | null;
  /** When its first attempt began. */
  startedAt: Date | null;
  /** When it ended. */
  completedAt: Date | null;
  /** Of a frozen copy: its status where it was exported. */
  frozenStatus: "pending" | "running" | "suspended" | "completed" | "failed" | "cancelled" | null;
  /** The gate at which it stands. */
  gate: number | null;
  /** Since when it is paused. */
  pausedAt: Date | null;
  /** Who paused it. */
  pausedBy: string | null;
  /** Why it was paused. */
  pauseReason: string | null;
}

/** An error as it is stored. */
export interface StoredError {
  /** The error's class. */
  type: string;
  /** The message. */
  message: string;
  /** The code. */
  code?: string;
  /** What the thrower attached. */
  data?: JsonValue;
  /** Where in the flow. */
  at?: { line: number; column: number };
  /** The stack, and that of what caused it. */
  stack?: string;
  /** The task or child that failed, where that made this one fail. */
  executionId?: string;
  /** The name of that task or child. */
  target?: string;
}

/** Which executions to list. */
export interface StoredFilter {
  /** Tasks, or workflows. */
  readonly type?: string;
  /** The name. */
  readonly target?: string;
  /** Workflows of this version. */
  readonly version?: number;
  /** Workflows that stand in this line, or failed there. */
  readonly line?: number;
  /** Any of these. */
  readonly statuses?: readonly string[];
  /** The queue. */
  readonly queue?: string;
  /** Children of this one. */
  readonly parentId?: string;
  /** Failures of one kind. */
  readonly fingerprint?: string;
  /** JSON text: variables that they are found by. */
  readonly variables?: string;
  /** JSON text that the metadata contains. */
  readonly metadata?: string;
  /** Created then or later. */
  readonly createdAfter?: Date;
  /** Created before. */
  readonly createdBefore?: Date;
  /** Only those older than this one. */
  readonly beforeId?: string;
  /** How many at most. */
  readonly limit: number;
}

/** A durable log line. */
export interface StoredLine {
  /** Its place in the log. */
  id: string;
  /** The execution that wrote it. */
  executionId: string;
  /** When. */
  at: Date;
  /** How severe. */
  level: string;
  /** What happened. */
  message: string;
  /** What goes with it. */
  data: JsonValue;
}

const COLUMNS = `
  e.id, e.type, e.target, e.status, e.queue, e.priority, e.inputs, e.output, e.error,
  e.cancel_reason as "cancelReason", e.attempt,
  e.max_attempts as "maxAttempts", e.failures, e.crashes, e.max_crashes as "maxCrashes",
  coalesce(e.metadata, '{}') as metadata, e.progress, e.checkpoint, e.parent_id as "parentId",
  e.created_at as "createdAt", e.run_at as "runAt", e.expires_at as "expiresAt", e.claimed_at as "startedAt", e.completed_at as "completedAt", e.note,
  e.frozen_status as "frozenStatus", e.gate,
  e.paused_at as "pausedAt", e.paused_by as "pausedBy", e.pause_reason as "pauseReason"`;

/** Creates executions, all or none; gives their ids in order. The requests are a JSON array as text. */
export async function createMany(engine: EngineRef, requests: string): Promise<string[]> {
  // One text for all of them: a row for each costs the server and the driver more.
  const [row] = await ask<{ ids: string }>(
    engine,
    "select array_to_string(array(select c.id from rhythm.create_many($1::text::jsonb) as c (id)), ' ') as ids",
    [requests],
  );
  return row!.ids === "" ? [] : row!.ids.split(" ");
}

/** What a start gave. */
export interface Started {
  /** The execution. */
  readonly id: string;
  /** False: it was there before, and has the key of the start. */
  readonly created: boolean;
}

/** As `createMany()`, for requests that have keys: says which of the executions are new. */
export async function createEach(engine: EngineRef, requests: string): Promise<Started[]> {
  const [row] = await ask<{ started: Started[] }>(
    engine,
    "select rhythm.create_each($1::text::jsonb) as started",
    [requests],
  );
  return row!.started;
}

/** Reads executions; those that do not exist are left out. */
export async function readExecutions(engine: EngineRef, ids: readonly string[]): Promise<StoredExecution[]> {
  // One by one through the key: a plan for an array that was made on an empty table would go through all rows with it.
  return await ask<StoredExecution>(
    engine,
    `select e.* from unnest($1::text::uuid[]) as i (id)
    cross join lateral (select ${COLUMNS} from rhythm.executions as e where e.id = i.id offset 0) as e`,
    [arrayText(ids)],
  );
}

/** Why an execution does not continue, as SQL says it. */
export async function explainExecution(engine: EngineRef, id: string): Promise<JsonObject[]> {
  const [row] = await ask<{ reasons: JsonObject[] }>(
    engine,
    "select rhythm.explain($1::text::uuid) as reasons",
    [id],
  );
  return row!.reasons;
}

/** Reads an execution with all its descendants, oldest first. */
export async function readTree(engine: EngineRef, id: string): Promise<StoredExecution[]> {
  return await ask<StoredExecution>(
    engine,
    `with recursive tree as (
      select r.id from rhythm.executions as r where r.id = $1::text::uuid
      union all
      select c.id from rhythm.executions as c join tree as t on c.parent_id = t.id
    )
    select ${COLUMNS} from rhythm.executions as e where e.id in (select t.id from tree as t) order by e.id limit 10000`,
    [id],
  );
}

/** The ids that end with 8 digits, newest first, 10 at most. */
export async function findByEnd(engine: EngineRef, end: string): Promise<string[]> {
  const rows = await ask<{ id: string }>(engine, `select i.id from rhythm.ids_ending($1::text) as i (id)`, [
    end,
  ]);
  return rows.map(({ id }) => id);
}

/** Lists executions, newest first. */
export async function listExecutions(engine: EngineRef, filter: StoredFilter): Promise<StoredExecution[]> {
  const { where, params } = whereOf(filter);
  return await ask<StoredExecution>(
    engine,
    `select ${COLUMNS} from rhythm.executions as e ${where} order by e.id desc limit ${filter.limit}`,
    params,
  );
}

/** The condition of a filter on the view executions as e, and its parameters. */
function whereOf(filter: StoredFilter): { where: string; params: string[] } {
  const conditions: string[] = [];
  const params: string[] = [];
  const add = (value: string | undefined, condition: (parameter: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${params.push(value)}::text`));
  };
  add(filter.type, (p) => `e.type = ${p}`);
  add(filter.target, (p) => `e.target = ${p}`);
  add(filter.version?.toString(), (p) => `e.version = ${p}::integer`);
  add(
    filter.line?.toString(),
    (p) =>
      `e.type = 'workflow' and case when e.completed_at is null then ${p}::integer = any (rhythm.lines_of(e.id)) else e.error #>> '{at,line}' = ${p} end`,
  );
  add(filter.statuses && arrayText(filter.statuses), (p) => `e.status = any (${p}::text[])`);
  // An index has those that failed, and only they have a fingerprint.
  if (filter.statuses?.every((status) => status === "failed")) conditions.push("e.fingerprint is not null");
  add(filter.queue, (p) => `e.queue = ${p}`);
  add(filter.parentId, (p) => `e.parent_id = ${p}::uuid`);
  add(filter.fingerprint, (p) => `e.fingerprint = ${p}::bigint`);
  add(filter.variables, (p) => `e.id in (select f.id from rhythm.find(${p}::jsonb) as f (id))`);
  add(filter.metadata, (p) => `e.metadata @> ${p}::jsonb`);
  // Ids are made in the order of time: a time is a place among them.
  add(filter.createdAfter && floorId(filter.createdAfter), (p) => `e.id >= ${p}::uuid`);
  add(filter.createdBefore && floorId(filter.createdBefore), (p) => `e.id < ${p}::uuid`);
  add(filter.beforeId, (p) => `e.id < ${p}::uuid`);
  const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
  return { where, params };
}

/** A filter as search_executions() takes it: JSON text. */
export function searchOf(filter: StoredFilter): string {
  const { type, target, version, line, statuses, queue, parentId, fingerprint, variables, metadata } = filter;
  return JSON.stringify({
    ...{ type, target, version, line, statuses, queue, fingerprint, parent: parentId },
    ...(variables === undefined ? {} : { variables: JSON.parse(variables) }),
    ...(metadata === undefined ? {} : { metadata: JSON.parse(metadata) }),
    ...(filter.createdAfter === undefined ? {} : { since: floorId(filter.createdAfter) }),
    ...(filter.createdBefore === undefined ? {} : { before: floorId(filter.createdBefore) }),
  });
}

/** Asks to be notified of the ends of executions. */
export async function watchExecutions(engine: EngineRef, ids: readonly string[]): Promise<void> {
  // A crash may lose this, because the listening connection does not survive it either. Claims skip the row meanwhile.
  const text =
    `select set_config('synchronous_commit', 'off', true), count(*) from rhythm.watch($1::text::uuid[])`;
  await ask(engine, text, [arrayText(ids)]);
}

/** Gives an execution that has not begun another queue, priority or time; `to` is JSON text. */
export async function changeExecution(engine: EngineRef, id: string, to: string): Promise<void> {
  await ask(engine, "select rhythm.change($1::text::uuid, $2::text::jsonb)", [id, to]);
}

/** Cancels an execution and its children; false if it had ended. */
export async function cancelExecution(
  engine: EngineRef,
  id: string,
  reason: string | null,
): Promise<boolean> {
  const [row] = await ask<{ cancelled: boolean }>(
    engine,
    "select rhythm.cancel($1::text::uuid, $2::text) as cancelled",
    [id, reason],
  );
  return row!.cancelled;
}

/** Runs a failed or cancelled execution again. */
export async function retryExecution(engine: EngineRef, id: string): Promise<void> {
  await ask(engine, "select from rhythm.retry($1::text::uuid)", [id]);
}

/** Deletes an execution that has ended and all that it started; returns their number. */
export async function deleteExecution(engine: EngineRef, id: string): Promise<number> {
  const [row] = await ask<{ deleted: number }>(
    engine,
    "select rhythm.delete_execution($1::text::uuid) as deleted",
    [id],
  );
  return row!.deleted;
}

/** Sends a signal; the payload is JSON text. */
export async function sendSignal(
  engine: EngineRef,
  signal: { id: string; name: string; payload: string; idempotencyKey: string | null },
): Promise<void> {
  await ask(engine, "select rhythm.signal($1::text::uuid, $2::text, $3::text::jsonb, $4::text)", [
    signal.id,
    signal.name,
    signal.payload,
    signal.idempotencyKey,
  ]);
}

/** Reads log lines of an execution after one, oldest first. */
export async function readLogs(engine: EngineRef, id: string, after: string | null): Promise<StoredLine[]> {
  return await ask<StoredLine>(
    engine,
    `select l.id::text, l.execution_id as "executionId", l.at, l.level, l.message, l.data
    from rhythm.logs as l
    where l.execution_id = $1::text::uuid and l.id > coalesce($2::text::bigint, 0)
    order by l.id limit 10000`,
    [id, after],
  );
}

// The smallest UUIDv7 of a moment.
function floorId(at: Date): string {
  const ms = Math.max(0, at.getTime()).toString(16).padStart(12, "0");
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-000000000000`;
}
