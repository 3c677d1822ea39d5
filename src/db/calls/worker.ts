import { arrayText, ask, type EngineRef } from "./engine_ref.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";

/** A row of `claim()`. */
export interface ClaimedRow {
  /** The execution. */
  id: string;
  /** A task or a workflow. */
  type: "task" | "workflow";
  /** The task's or flow's name. */
  target: string;
  /** The queue it came from. */
  queue: string;
  /** Which attempt this is. */
  attempt: number;
  /** How many there may be. */
  max_attempts: number;
  /** What it was started with. */
  inputs: JsonValue;
  /** What its starter attached. */
  metadata: JsonObject;
  /** The trace it belongs to. */
  traceparent: string | null;
  /** Who started it. */
  parent_id: string | null;
  /** When it was created; a text when it comes out of JSON. */
  created_at: Date | string;
  /** How long it may take. */
  timeout_ms: number | null;
  /** Why it is to stop. */
  cancel_reason: string | null;
  /** The hash of a workflow's program. */
  program: string | null;
  /** The number of the flow's version. */
  version: number | null;
  /** Where the workflow stands. */
  snapshot: JsonValue | null;
  /** What settled since. */
  settled: JsonValue[] | null;
  /** How often a workflow has been suspended. */
  seq: number | null;
}

/** Tasks that differ in their inputs alone, in their first attempt, as `claim_packed()` gives them. */
export interface PackedRow extends Pick<ClaimedRow, "target" | "queue" | "created_at"> {
  /** What else they have in common. */
  kind: Pick<ClaimedRow, "max_attempts" | "timeout_ms" | "metadata" | "traceparent">;
  /** The tasks. */
  ids: string[];
  /** What each was started with. */
  inputs: JsonValue[];
}

/** A row of `claim_packed()`: one execution, or many. */
export interface LeasedRow extends ClaimedRow {
  /** Tasks that are alike; then the rest is null. */
  many: PackedRow | null;
}

/** What `settle()` returns. */
export interface SettledBatch {
  /** Outcomes that changed nothing. */
  refused: { id: string; reason: string }[];
  /** What was leased to the worker in the same call. */
  claimed: ClaimedRow[];
  /** Tasks that these outcomes started, leased to the worker in the same call. */
  born: LeasedChildrenRow[];
}

/** Tasks that differ in their inputs alone. */
export interface LeasedChildrenRow
  extends Pick<ClaimedRow, "target" | "queue" | "max_attempts" | "timeout_ms" | "metadata" | "traceparent"> {
  /** The workflow that started them. */
  parent_id: string;
  /** When they were created. */
  created_at: string;
  /** The tasks. */
  ids: string[];
}

/** What `settle()` and `claim()` are asked for besides. */
export interface LeaseRequest {
  /** The worker. */
  readonly worker: string;
  /** How much may be leased. */
  readonly limit: number;
  /** The tasks it can run, as a Postgres array. */
  readonly targets: string;
}

/**
 * Leases ready executions. An idle worker that runs no code-first workflows does not wait for the disk when all that it
 * leases are flows at their beginning: nothing outside comes of an advance before it is settled, and whatever becomes of a
 * lease that a crash of the server took back, one first step of the flow is taken. A flow that goes on was given what is in
 * its inbox: leased again after the crash, to the same worker, it may be given more, and what the first lease says would
 * drop that unseen. Such a lease is on the disk before it is used, as is one of a task or of a workflow in code.
 */
export async function claim(
  engine: EngineRef,
  request: LeaseRequest & { queues: string; dozing: boolean; runsCode: boolean },
): Promise<LeasedRow[]> {
  return await ask<LeasedRow>(
    engine,
    request.dozing && !request.runsCode ? IDLE_CLAIM : CLAIM,
    [request.worker, request.queues, String(request.limit), request.targets, String(request.dozing)],
  );
}

const LEASED = `rhythm.claim_packed(
  p_worker => $1::text::uuid, p_queues => $2::text::text[], p_limit => $3::text::integer,
  p_targets => $4::text::text[], p_dozing => $5::text::boolean
) as c`;

const CLAIM = `select (c.one).*, c.many from ${LEASED}`;

const IDLE_CLAIM = `select (w.one).*, w.many
from (
  select c.one, c.many, bool_and(c.many is null and (c.one).type = 'workflow' and (c.one).seq = 0) over () as only_beginnings
  from ${LEASED}
) as w
where not w.only_beginnings or set_config('synchronous_commit', 'off', true) is not null`;

/** Commits outcomes, a JSON array as text. What the database refuses fails its execution, or raises. */
export async function settle(
  engine: EngineRef,
  outcomes: string,
  request: LeaseRequest & { onError?: "fail" | "raise" },
): Promise<SettledBatch> {
  const [row] = await ask<{ result: SettledBatch }>(
    engine,
    `select rhythm.settle(
      p_worker => $1::text::uuid, p_outcomes => $2::text::jsonb, p_lease => $3::text::integer, p_targets => $4::text::text[],
      p_on_error => $5::text
    ) as result`,
    [request.worker, outcomes, String(request.limit), request.targets, request.onError ?? "fail"],
  );
  return row!.result;
}

/** Ends of tasks, in ascending order of their ids. */
export interface TaskEnds {
  /** The tasks. */
  readonly ids: readonly string[];
  /** Their attempts. */
  readonly attempts: readonly number[];
  /** Their outputs, a JSON array as text. */
  readonly outputs: string;
}

/** Commits ends of tasks that no workflow started; gives those that changed nothing. */
export async function settleTasks(
  engine: EngineRef,
  worker: string,
  { ids, attempts, outputs }: TaskEnds,
): Promise<SettledBatch["refused"]> {
  const [row] = await ask<{ refused: SettledBatch["refused"] }>(
    engine,
    `select rhythm.settle_tasks(
      p_worker => $1::text::uuid, p_ids => $2::text::uuid[], p_attempts => $3::text::integer[], p_outputs => $4::text::jsonb
    ) as refused`,
    [worker, arrayText(ids), arrayText(attempts), outputs],
  );
  return row!.refused;
}

/** What `settle_advanced()` is given, each part a JSON array as text. */
export interface StepTexts {
  /** Ends of tasks and timers, and where their workflows stand. */
  readonly ends: string;
  /** The tasks that those started. */
  readonly children: string;
  /** What these have in common. */
  readonly kinds: string;
}

/** What `settle_advanced()` returns. */
export interface SettledSteps {
  /** Tasks and timers of which nothing was changed. */
  declined: string[];
  /** Of these, the timers that are not due yet: the milliseconds that are missing. */
  early: Record<string, number>;
  /** Children that were leased. */
  leased: string[];
  /** What came of the kinds: queue, most attempts, timeout in milliseconds. */
  kinds: [string, number, number | null][];
}

/** Commits ends of tasks, and timers, with what followed in their workflows. */
export async function settleSteps(
  engine: EngineRef,
  { ends, children, kinds }: StepTexts,
  request: LeaseRequest,
): Promise<SettledSteps> {
  const [row] = await ask<{ result: SettledSteps }>(
    engine,
    `select rhythm.settle_advanced(
      p_worker => $1::text::uuid, p_ends => $2::text::jsonb, p_children => $3::text::jsonb, p_kinds => $4::text::jsonb,
      p_lease => $5::text::integer, p_targets => $6::text::text[]
    ) as result`,
    [request.worker, ends, children, kinds, String(request.limit), request.targets],
  );
  return row!.result;
}

/** Fires timers, ids as a Postgres array, that a worker keeps. */
export async function fireKept(
  engine: EngineRef,
  timers: string,
  request: Pick<LeaseRequest, "worker" | "limit">,
): Promise<ClaimedRow[]> {
  return await ask<ClaimedRow>(
    engine,
    `select c.* from rhythm.fire_kept(
      p_worker => $1::text::uuid, p_timers => $2::text::uuid[], p_lease => $3::text::integer
    ) as c`,
    [request.worker, timers, String(request.limit)],
  );
}

/** Leaves timers, ids as a Postgres array, to `tick()`. */
export async function releaseKept(engine: EngineRef, timers: string): Promise<void> {
  await ask(engine, "select rhythm.release_kept($1::text::uuid[])", [timers]);
}

/** What `beat()` says. */
export interface BeatAnswer {
  /** Whether the worker is still counted on. */
  alive: boolean;
  /** How long a worker that sleeps may wait between two ticks. */
  turn_ms: number;
  /** What is to stop, and why. */
  stop: { id: string; reason: string }[];
}

/** Makes a worker known; gives its id. */
export async function registerWorker(
  engine: EngineRef,
  worker: { name: string; queues: string; leaseMs: number; info: string },
): Promise<string> {
  const [row] = await ask<{ id: string }>(
    engine,
    `select rhythm.register_worker(
      null, p_queues => $1::text::text[], p_name => $2::text, p_lease => $3::text, p_info => $4::text::jsonb
    ) as id`,
    [worker.queues, worker.name, `${worker.leaseMs}ms`, worker.info],
  );
  return row!.id;
}

/** Gives a sign of life. */
export async function beat(engine: EngineRef, worker: string): Promise<BeatAnswer> {
  const [row] = await ask<{ answer: BeatAnswer }>(engine, "select rhythm.beat($1::text::uuid) as answer", [
    worker,
  ]);
  return row!.answer;
}

/** What is leased to a worker. */
export async function held(
  engine: EngineRef,
  worker: string,
): Promise<{ id: string; attempt: number; seq: number | null }[]> {
  const [row] = await ask<{ held: { id: string; attempt: number; seq: number | null }[] }>(
    engine,
    "select rhythm.held($1::text::uuid) as held",
    [worker],
  );
  return row!.held;
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

/** What nobody can run in the queues of a worker; notes it on the executions. */
export async function unserved(engine: EngineRef, worker: string, afterMs: number): Promise<UnservedTask[]> {
  const [row] = await ask<{ tasks: UnservedTask[] }>(
    engine,
    "select rhythm.unserved($1::text::uuid, $2::text) as tasks",
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
}

/** Does what is due. */
export async function tick(engine: EngineRef): Promise<Ticked> {
  const [row] = await ask<Ticked>(
    engine,
    `select (extract(epoch from t.due - rhythm.now()) * 1000)::float8 as ms,
      pg_current_xact_id_if_assigned() is not null as wrote
    from rhythm.tick() as t (due)`,
  );
  return row!;
}

/** Stores log lines (a JSON array as text) and progress (a JSON object as text). */
export async function report(
  engine: EngineRef,
  worker: string,
  news: { lines: string; progress: string },
): Promise<void> {
  await ask(engine, "select rhythm.report($1::text::uuid, $2::text::jsonb, $3::text::jsonb)", [
    worker,
    news.lines,
    news.progress,
  ]);
}

/** Takes leave. */
export async function leave(engine: EngineRef, worker: string): Promise<void> {
  await ask(engine, "select rhythm.stop_worker($1::text::uuid)", [worker]);
}
