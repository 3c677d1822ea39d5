import { ask, type EngineRef } from "./engine_ref.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";

/** What the executions of a parcel have in common. What is null is left out. */
export interface ParcelCommon {
  /** A task or a workflow. */
  type: "task" | "workflow";
  /** The task's or flow's name. */
  target: string;
  /** The queue they came from. */
  queue: string;
  /** Which attempt this is. */
  attempt: number;
  /** How many may throw. */
  max_attempts: number;
  /** How many before this one threw. */
  failures?: number;
  /** How many before this one were lost with their worker. */
  crashes?: number;
  /** How long an attempt may take. */
  timeout_ms?: number | null;
  /** What their starter attached. */
  metadata?: JsonObject;
  /** The trace they belong to. */
  traceparent?: string | null;
  /** Why they must stop. */
  cancel_reason?: string | null;
  /** The hash of a workflow's program. */
  program?: string;
  /** The number of the flow's version. */
  version?: number;
}

/** The state of a workflow. */
export interface StateRow {
  /** How often it has been suspended. */
  seq: number;
  /** Its memory; null: it has not begun. */
  snapshot: JsonValue | null;
  /** What settled since. */
  settled: JsonValue[];
  /** What its random numbers and ids come from. */
  seed: string | null;
  /** How often it was started again. */
  epoch: number;
  /** Why it must stop. */
  cancel_reason?: string | null;
  /** What an operation changes before its next step. */
  change?: {
    /** The operation. */
    action: "migrate" | "repair";
    /** How. */
    args: JsonObject;
    /** The program to which it goes, if that is named. */
    program?: string;
    /** The version of that program. */
    version?: number;
  } | null;
}

/** Executions that were leased, and differ in their inputs alone. */
export interface ParcelRow {
  /** What they have in common. */
  common: ParcelCommon;
  /** The executions. */
  ids: string[];
  /** What each was started with; null: the worker sent them in the same call. */
  inputs: JsonValue[] | null;
  /** Who started each; missing if there is no parent, or if the worker knows it. */
  parents?: (string | null)[];
  /** For workflows: the state of each. */
  states?: StateRow[];
  /** What handlers stored in earlier attempts, by execution. */
  checkpoints?: Record<string, JsonValue>;
}

/** What `exchange()` answers. */
export interface ExchangeAnswer {
  /** The call. */
  call: number;
  /** The time of the database, in milliseconds since 1970. */
  now: number;
  /** Ends whose lease is lost: nothing changed. */
  refused: { id: string; reason: string }[];
  /** Ends to bring again, alone. */
  declined: string[];
  /** Of these, the timers that are not due yet: the milliseconds that are missing. */
  early: Record<string, number>;
  /** Failed attempts that are repeated, and in how many milliseconds. Left out if there are none. */
  retried?: Record<string, number>;
  /** What is leased to the worker now. */
  parcels: ParcelRow[];
}

/** What `exchange()` is given. */
export interface ExchangeCall {
  /** The number of the call. */
  readonly call: number;
  /** What the worker did, a JSON array as text. */
  readonly ends: string;
  /** What it wants, a JSON object as text. */
  readonly want: string;
}

/**
 * Hands back what a worker did, and is given what comes next.
 *
 * @param engine where
 * @param worker the worker
 * @param call its call
 * @param hurry `beginnings`: if it leases beginnings of flows alone, it does not wait for the disk. A crash of the server
 *   may undo that; nothing outside can come of it, as long as no code runs before it is settled
 */
export async function exchange(
  engine: EngineRef,
  worker: string,
  { call, ends, want }: ExchangeCall,
  hurry?: "beginnings",
): Promise<ExchangeAnswer> {
  const text = hurry === undefined ? EXCHANGE : EXCHANGE_IN_A_HURRY;
  const [row] = await ask<{ answer: ExchangeAnswer }>(engine, text, [worker, String(call), ends, want]);
  return row!.answer;
}

const EXCHANGE = `select rhythm.exchange(
  p_worker => $1::text::uuid, p_call => $2::text::integer, p_ends => $3::text::jsonb, p_want => $4::text::jsonb
) as answer`;

const EXCHANGE_IN_A_HURRY = `select x.answer
from (${EXCHANGE}) as x
where x.answer -> 'parcels' = '[]'
  or jsonb_path_exists(x.answer, '$.parcels[*] ? (@.common.type == "task" || exists (@.states[*] ? (@.seq > 0)))')
  or set_config('synchronous_commit', 'off', true) is not null`;

/** Commits the outcome of a task, a JSON object as text, in the transaction of its handler; raises what is wrong. */
export async function settleOne(
  engine: EngineRef,
  worker: string,
  outcome: string,
): Promise<Pick<ExchangeAnswer, "refused" | "declined">> {
  const [row] = await ask<{ answer: Pick<ExchangeAnswer, "refused" | "declined"> }>(
    engine,
    "select rhythm.settle_one(p_worker => $1::text::uuid, p_outcome => $2::text::jsonb) as answer",
    [worker, outcome],
  );
  return row!.answer;
}

/** Stores a value for the next attempt of a task, JSON as text; false: the lease is lost. */
export async function checkpoint(
  engine: EngineRef,
  worker: string,
  { id, call, value, nth }: { id: string; call: number; value: string; nth: number },
): Promise<boolean> {
  const [row] = await ask<{ stored: boolean }>(
    engine,
    `select rhythm.checkpoint(
      p_worker => $1::text::uuid, p_execution => $2::text::uuid, p_call => $3::text::integer, p_value => $4::text::jsonb,
      p_nth => $5::text::integer
    ) as stored`,
    [worker, id, String(call), value, String(nth)],
  );
  return row!.stored;
}

/** What `beat()` says. */
export interface BeatAnswer {
  /** Whether the worker is registered. */
  alive: boolean;
  /** How long a worker that sleeps may wait between two ticks. */
  turn_ms: number;
  /** What must stop, and why. */
  stop: { id: string; reason: string }[];
  /** What the worker believes it holds and does not. */
  lost: string[];
}

/** Makes a worker known; gives its id. */
export async function registerWorker(
  engine: EngineRef,
  worker: { name: string; queues: string; leaseMs: number; info: string; environment?: string | undefined },
): Promise<string> {
  const [row] = await ask<{ id: string }>(
    engine,
    `select rhythm.register_worker(
      null, p_queues => $1::text::text[], p_name => $2::text, p_lease => $3::text::interval, p_info => $4::text::jsonb,
      p_environment => $5::text
    ) as id`,
    [worker.queues, worker.name, `${worker.leaseMs}ms`, worker.info, worker.environment ?? null],
  );
  return row!.id;
}

/** What a worker believes it holds, executions and the calls that leased them, as `beat()` takes it. */
export function holdsText(holds: ReadonlyMap<string, number>): string {
  const byCall = new Map<number, string[]>();
  for (const [id, call] of holds) {
    const ids = byCall.get(call);
    if (ids === undefined) byCall.set(call, [id]);
    else ids.push(id);
  }
  return JSON.stringify([...byCall].map(([call, ids]) => ({ call, ids })));
}

/** Sends a heartbeat, with what the worker believes it holds and what it ended since the last one: JSON arrays as text. */
export async function beat(
  engine: EngineRef,
  worker: string,
  { info = null, holds, rates = null }: { info?: string | null; holds: string | null; rates?: string | null },
): Promise<BeatAnswer> {
  const [row] = await ask<{ answer: BeatAnswer }>(
    engine,
    "select rhythm.beat($1::text::uuid, $4::text::jsonb, $2::text::jsonb, $3::text::jsonb) as answer",
    [worker, holds, rates, info],
  );
  return row!.answer;
}

/** Tasks that have been ready for a while, and no worker has a handler for. */
export interface UnservedTask {
  /** The queue they wait in. */
  queue: string;
  /** The task. */
  target: string;
  /** How many executions. */
  executions: number;
  /** How long the oldest has been ready. */
  seconds: number;
}

/** What no worker can run in the queues of a worker; notes it on the executions. */
export async function unserved(engine: EngineRef, worker: string, afterMs: number): Promise<UnservedTask[]> {
  const [row] = await ask<{ tasks: UnservedTask[] }>(
    engine,
    "select rhythm.unserved($1::text::uuid, $2::text::interval) as tasks",
    [worker, `${afterMs}ms`],
  );
  return row!.tasks;
}

/** What a tick says. */
export interface Ticked {
  /** Milliseconds until the next thing is due, by the engine's clock; nothing: nothing is. */
  ms: number | null;
  /** Whether it wrote anything; if not, it made nothing ready. */
  wrote: boolean;
  /** What it ended as failed without a report of a worker; nothing: none. */
  failed: FailedAlone[] | null;
}

/** An execution that failed although no worker said so: it was lost too often, ran past its timeout, or ran in SQL. */
export interface FailedAlone {
  /** The execution. */
  id: string;
  /** A task or a workflow. */
  kind: "task" | "workflow";
  /** Its name. */
  target: string;
  /** Its queue. */
  queue: string;
  /** Its last attempt. */
  attempt: number;
  /** The trace it belongs to. */
  traceparent: string | null;
  /** Why. */
  error: { type: string; message: string };
}

/** The parts of a tick: what is due, house-keeping, tasks in SQL. Each is a separate call, so that a slow one does not delay the others. */
export const TICK_PARTS = ["due", "chores", "sql_tasks"] as const;

/** A part of a tick. */
export type TickPart = typeof TICK_PARTS[number];

/** Does a part of what is due; without a part, all of it. */
export async function tick(engine: EngineRef, part: TickPart | "tick" = "tick"): Promise<Ticked> {
  const [row] = await ask<Ticked>(
    engine,
    `select (extract(epoch from t.due - rhythm.now()) * 1000)::float8 as ms,
      pg_current_xact_id_if_assigned() is not null as wrote,
      nullif(current_setting('rhythm.failed', true), '')::jsonb as failed
    from rhythm.${part}() as t (due)`,
  );
  return row!;
}

/** Stores log lines (a JSON array as text) and progress (a JSON object as text). */
export async function report(
  engine: EngineRef,
  worker: string,
  news: { lines: string; progress: string },
): Promise<string[]> {
  const [row] = await ask<{ answer: { skipped: string[] } }>(
    engine,
    "select rhythm.report($1::text::uuid, $2::text::jsonb, $3::text::jsonb) as answer",
    [worker, news.lines, news.progress],
  );
  return row!.answer.skipped;
}

/** Ends the worker. */
export async function leave(engine: EngineRef, worker: string): Promise<void> {
  await ask(engine, "select rhythm.stop_worker($1::text::uuid)", [worker]);
}

/** What a worker made of a state that an operation migrates or repairs. */
export interface AppliedChange {
  /** The workflow. */
  readonly id: string;
  /** The call that leased it. */
  readonly call: number;
  /** How often it had been suspended. */
  readonly seq: number;
  /** Its new state; null: it has not begun. */
  readonly snapshot: JsonValue | null;
  /** Why it goes on as it is; nothing: it is changed. */
  readonly problem?: string | undefined;
}

/** Stores a changed state; gives the number and the epoch with which it goes on, and nothing if the lease is lost. */
export async function applyChange(
  engine: EngineRef,
  worker: string,
  { id, call, seq, snapshot, problem }: AppliedChange,
): Promise<{ readonly seq: number; readonly epoch: number } | null> {
  const [row] = await ask<{ applied: { seq: number; epoch: number } | null }>(
    engine,
    `select rhythm.apply_change($1::text::uuid, $2::text::uuid, $3::text::integer, $4::text::integer, $5::text::json, $6::text) as applied`,
    [
      ...[worker, id, String(call), String(seq)],
      ...[snapshot === null ? null : JSON.stringify(snapshot), problem ?? null],
    ],
  );
  return row!.applied;
}
