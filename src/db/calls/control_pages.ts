/** What the pages of queues, schedules and flows read. Each function is one statement over the views. */
import type { JsonValue } from "../../shared/json.ts";
import type { AskRow } from "./asks.ts";
import { ask, type EngineRef } from "./engine_ref.ts";
import { QUEUE_COLUMNS, type QueueDepth } from "./queues.ts";

/** A queue on a page. */
export interface QueueRow extends Omit<QueueDepth, "oldestSeconds"> {
  /** How many executions ended in a minute, in the mean of the last five whole minutes. */
  readonly perMinute: number;
  /** Who paused it, when and why. */
  readonly pause: {
    readonly pausedAt: string;
    readonly pausedBy: string | null;
    readonly reason: string | null;
  } | null;
}

// Without the age of the oldest, which would change each second.
/** All queues, how fast each is worked off, and who paused it. */
export async function listQueueRows(engine: EngineRef): Promise<QueueRow[]> {
  return await ask<QueueRow>(
    engine,
    `select ${QUEUE_COLUMNS}, q.is_estimate as "isEstimate", coalesce(r.pace, 0) as "perMinute",
      case when p.name is not null then jsonb_build_object('pausedAt', p.paused_at, 'pausedBy', p.paused_by, 'reason', p.reason) end as pause
    from rhythm.count_queues() as q
    left join (
      select x.queue, sum(x.completed + x.failed + x.cancelled)::float8 / 5 as pace
      from rhythm.rates as x
      where x.span = 'minute' and x.at >= (select date_trunc('minute', rhythm.now()) - interval '5 minutes') and x.at < (select date_trunc('minute', rhythm.now()))
      group by x.queue
    ) as r on r.queue = q.queue
    left join (select x.* from rhythm.pauses as x where x.kind = 'queue') as p on p.name = q.queue
    order by q.queue`,
  );
}

/** A concurrency key of a queue. */
export interface QueueKey {
  /** The key. */
  readonly key: string;
  /** How many could run now. */
  readonly ready: number;
  /** How many run. */
  readonly running: number;
  /** How many run at once; null: as for all keys. */
  readonly concurrency: number | null;
  /** How many begin within `perSeconds`; null: as for all keys. */
  readonly rate: number | null;
  /** The time that `rate` counts. */
  readonly perSeconds: number | null;
  /** How many turns it has while others have one; null: one. */
  readonly weight: number | null;
  /** Whether nothing of it is taken. */
  readonly paused: boolean;
}

/** The keys of a queue with the most to do, so many at most. */
export async function listKeys(engine: EngineRef, queue: string, limit: number): Promise<QueueKey[]> {
  return await ask<QueueKey>(
    engine,
    `select k.key, k.ready, k.running, k.concurrency, k.rate, extract(epoch from k.per)::float8 as "perSeconds", k.weight, k.paused
    from rhythm.queue_keys as k where k.queue = $1::text
    order by k.paused desc, k.ready + k.running desc, k.key limit ${limit}`,
    [queue],
  );
}

/** The next times of a cron expression in its zone. */
export async function upcomingTimes(
  engine: EngineRef,
  { cron, timezone, count }: { cron: string; timezone: string; count: number },
): Promise<Date[]> {
  const rows = await ask<{ at: Date }>(
    engine,
    "select c.at from rhythm.cron_upcoming($1::text, $2::text, null, $3::text::integer) as c(at)",
    [cron, timezone, String(count)],
  );
  return rows.map(({ at }) => at);
}

/** A time of a schedule that has passed, and what it started. */
export interface ScheduleRun {
  /** The time. */
  readonly slot: Date;
  /** What it started; null: nothing, or it was deleted. */
  readonly executionId: string | null;
  /** The status of that. */
  readonly status: string | null;
  /** When it ended. */
  readonly completedAt: Date | null;
  /** The class of its error. */
  readonly errorType: string | null;
}

// There is no way back in a cron expression: this goes forward from about twenty of its longest steps before the last time that
// fired, within 400 of its shortest.
/** The last times of a schedule, newest first, twenty at most. */
export async function lastRuns(engine: EngineRef, name: string): Promise<ScheduleRun[]> {
  return await ask<ScheduleRun>(
    engine,
    `with s as (
      select x.name, x.type, x.target, x.cron, x.timezone, x.created_at, x.last_slot from rhythm.schedules as x
      where x.name = $1::text and x.last_slot is not null
    ),
    step as (
      select max(n.at - n.before) as longest, min(n.at - n.before) as shortest
      from (
        select c.at, lag(c.at) over (order by c.at) as before
        from s cross join lateral rhythm.cron_upcoming(s.cron, s.timezone, null, 10) as c(at)
      ) as n
    ),
    span as (
      select least(20 * step.longest, 400 * step.shortest) as length, step.shortest from step
    ),
    slot as (
      select c.at
      from s cross join span
      cross join lateral rhythm.cron_upcoming(
        s.cron, s.timezone, s.last_slot - span.length - interval '1 second',
        greatest(1, least(401, ceil(extract(epoch from span.length) / extract(epoch from span.shortest))::integer + 1))
      ) as c(at)
      where c.at <= s.last_slot and c.at >= s.created_at
      order by c.at desc limit 20
    )
    select slot.at as slot, r.execution_id as "executionId", e.status, e.completed_at as "completedAt", e.error ->> 'type' as "errorType"
    from s cross join slot
    left join rhythm.schedule_runs as r
      on r.key = format('%s:%s:schedule %s %s', s.type, s.target, s.name, extract(epoch from slot.at)::bigint)
    left join lateral (
      select x.status, x.completed_at, x.error from rhythm.executions as x where x.id = r.execution_id
    ) as e on true
    order by slot.at desc`,
    [name],
  );
}

/** How many workflows of a version wait for something. */
export interface VersionWaits {
  /** The flow. */
  readonly flow: string;
  /** The number of the version. */
  readonly version: number;
  /** How many: an estimate if there are many thousands. */
  readonly waiting: number;
}

/** How many workflows of each version of each flow wait for something. */
export async function listVersionWaits(engine: EngineRef): Promise<VersionWaits[]> {
  return await ask<VersionWaits>(engine, VERSION_WAITS);
}

const VERSION_WAITS = `
  select c.flow, c.version, sum(c.executions)::float8 as waiting from rhythm.count_suspended() as c
  where c.version is not null group by c.flow, c.version`;

const FLOW_ROWS =
  `select f.name, f.version, f.description, f.created_at as "createdAt", f.updated_at as "updatedAt",
      (select count(*)::integer from rhythm.flow_versions as v where v.name = f.name) as versions,
      coalesce(t.ready + t.delayed, 0)::float8 as pending, coalesce(t.running, 0)::float8 as running,
      coalesce(k.failed, 0)::float8 as failed, p.paused_at as "pausedAt"
    from rhythm.flows as f
    left join (select x.* from rhythm.targets as x where x.type = 'workflow') as t on t.target = f.name
    left join (
      select x.target, sum(x.failed) as failed from rhythm.failures as x where x.type = 'workflow' group by x.target
    ) as k on k.target = f.name
    left join (select x.* from rhythm.pauses as x where x.kind = 'workflow') as p on p.name = f.name`;

/** A flow in a list. */
export interface FlowRow {
  /** Its name. */
  readonly name: string;
  /** The number of its current version. */
  readonly version: number;
  /** How many versions there are. */
  readonly versions: number;
  /** What it is for. */
  readonly description: string | null;
  /** When the current version was registered first. */
  readonly createdAt: Date;
  /** When it became the current one. */
  readonly updatedAt: Date;
  /** How many could run now, or are delayed. */
  readonly pending: number;
  /** How many a worker has. */
  readonly running: number;
  /** How many are failed now. */
  readonly failed: number;
  /** Since when it is paused. */
  readonly pausedAt: Date | null;
}

/** All flows, without their texts, and how many workflows of each version wait for something. */
export async function listWaitingFlows(engine: EngineRef): Promise<(FlowRow & { waits: VersionWaits[] })[]> {
  return await ask<FlowRow & { waits: VersionWaits[] }>(
    engine,
    `select f.*, coalesce(w.waits, '[]') as waits
    from (${FLOW_ROWS}) as f
    left join (
      select c.flow, jsonb_agg(jsonb_build_object('flow', c.flow, 'version', c.version, 'waiting', c.waiting) order by c.version) as waits
      from (${VERSION_WAITS}) as c group by c.flow
    ) as w on w.flow = f.name
    order by f.name`,
  );
}

/** All flows, without their texts. */
export async function listFlowRows(engine: EngineRef): Promise<FlowRow[]> {
  return await ask<FlowRow>(engine, `${FLOW_ROWS} order by f.name`);
}

/** How many workflows stand in a line of a version. */
export interface Standing {
  /** The number of the version. */
  readonly version: number;
  /** The line. */
  readonly line: number;
  /** How many: an estimate if there are many hundreds. */
  readonly executions: number;
}

/** How many workflows of a flow stand in each line of each version. */
export async function listStanding(engine: EngineRef, flow: string): Promise<Standing[]> {
  return await ask<Standing>(
    engine,
    `select c.version, c.line, c.executions::float8 as executions from rhythm.count_standing($1::text) as c
    order by c.version, c.line`,
    [flow],
  );
}

/** What changes when a flow does: its versions, where its workflows stand, what happened at its lines, its gates and its pause. */
export async function readFlowStamp(engine: EngineRef, name: string): Promise<JsonValue> {
  const [row] = await ask<{ stamp: JsonValue }>(
    engine,
    `select jsonb_build_array(
      (select jsonb_agg(jsonb_build_array(v.version, v.is_current) order by v.version) from rhythm.flow_versions as v where v.name = $1::text),
      (select jsonb_agg(to_jsonb(c) order by c.version, c.line) from rhythm.count_standing($1::text) as c),
      (select jsonb_build_array(sum(h.came), sum(h.failed), sum(h.retried)) from rhythm.heat as h
        where h.flow = $1::text and h.span = 'minute' and h.at >= rhythm.now() - interval '1 day'),
      (select jsonb_agg(jsonb_build_array(g.id, g.executions) order by g.id) from rhythm.gates as g where g.flow = $1::text),
      (select p.paused_at from rhythm.pauses as p where p.kind = 'workflow' and p.name = $1::text),
      (select jsonb_build_array(t.ready, t.delayed, t.running) from rhythm.targets as t where t.type = 'workflow' and t.target = $1::text)) as stamp`,
    [name],
  );
  return row?.stamp ?? null;
}

/** Workflows of a version that wait for a signal. */
export interface SignalWaits {
  /** The signal. */
  readonly name: string;
  /** The flow. */
  readonly flow: string;
  /** The version; null: a workflow in TypeScript of an unknown version. */
  readonly version: number | null;
  /** How many: an estimate if there are many thousands. */
  readonly executions: number;
  /** Where the oldest stands. */
  readonly lines: readonly number[];
  /** The oldest of them. */
  readonly oldest: string;
  /** When that was created. */
  readonly createdAt: Date;
  /** When the first of them gives up waiting. */
  readonly until: Date | null;
}

/** A signal that no wait has taken. */
export interface KeptSignal {
  /** Its number. */
  readonly id: string;
  /** The workflow that has it. */
  readonly executionId: string;
  /** The flow. */
  readonly flow: string;
  /** How the workflow is. */
  readonly status: string;
  /** The name. */
  readonly name: string;
  /** The payload, if it is small. */
  readonly payload: JsonValue;
  /** When it was sent. */
  readonly sentAt: Date;
}

/** Who waits for which signal, which of the last 2,000 signals nobody has taken, and which are questions, the open ones first. */
export async function readSignals(
  engine: EngineRef,
): Promise<{ waits: SignalWaits[]; kept: KeptSignal[]; asks: AskRow[] }> {
  const [waits, kept, asks] = await Promise.all([
    ask<SignalWaits>(
      engine,
      `select c.name, c.flow, c.version, c.executions::float8 as executions, c.lines, c.oldest, rhythm.created_at(c.oldest) as "createdAt", c.until
      from rhythm.count_signal_waits() as c`,
    ),
    ask<KeptSignal>(
      engine,
      `select s.id::text as id, s.execution_id as "executionId", s.target as flow, e.status, s.name, s.sent_at as "sentAt",
        case when pg_column_size(s.payload) < 2000 then s.payload else '"…"' end as payload
      from (
        select x.* from (select y.* from rhythm.signals as y order by y.id desc limit 2000) as x
        where not x.taken and not exists (select from rhythm.asks as q where q.id = x.id) order by x.id desc limit 50
      ) as s
      cross join lateral (select x.status from rhythm.executions as x where x.id = s.execution_id offset 0) as e
      order by s.id::bigint desc`,
    ),
    ask<AskRow>(
      engine,
      `select a.id::text as id, a.execution_id as "executionId", a.target, a.name, a.status, a.taken, a.idempotency_key as "idempotencyKey",
        case when pg_column_size(a.payload) < 2000 then a.payload else '"…"' end as payload,
        case when pg_column_size(a.answer) < 2000 then a.answer when a.answer is not null then '"…"' end as answer,
        a.error, a.asked_at as "askedAt", a.answered_at as "answeredAt"
      from (select y.id from rhythm.signals as y order by y.id desc limit 2000) as x
      cross join lateral (select z.* from rhythm.asks as z where z.id = x.id offset 0) as a
      order by a.status <> 'open', a.id desc limit 50`,
    ),
  ]);
  return { waits, kept, asks };
}
