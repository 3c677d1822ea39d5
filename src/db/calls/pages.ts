/** What the pages of the dashboard read. Each function is one statement over the views. */
import type { JsonValue } from "../../shared/json.ts";
import { ask, type EngineRef } from "./engine_ref.ts";
import { searchOf, type StoredFilter } from "./executions.ts";

/** How busy everything is. */
export interface Pulse {
  /** What ended in the last whole minute. */
  readonly perMinute: number;
  /** Kinds of failures that nobody has looked at. */
  readonly newFailures: number;
  /** Operations that are under way. */
  readonly operations: number;
  /** Workers whose heartbeat is in time. */
  readonly workers: number;
  /** What is paused, except executions. */
  readonly pauses: number;
}

/** An execution in a list: no payloads. */
export interface Row {
  readonly id: string;
  readonly type: "task" | "workflow";
  readonly target: string;
  readonly status: "pending" | "running" | "suspended" | "completed" | "failed" | "cancelled";
  readonly queue: string;
  readonly version: number | null;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly note: string | null;
  readonly parentId: string | null;
  /** The error's class, and the beginning of its message. */
  readonly errorType: string | null;
  readonly errorMessage: string | null;
  readonly fingerprint: string | null;
  readonly cancelReason: string | null;
  readonly createdAt: Date;
  readonly runAt: Date | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  readonly pausedAt: Date | null;
  /** What a suspended workflow waits for: the first thing, and how many there are, up to 100. */
  readonly waitKind: string | null;
  readonly waitName: string | null;
  readonly waitUntil: Date | null;
  readonly waits: number | null;
}

/** A page of rows. */
export interface RowPage {
  /** The newest first. */
  readonly rows: readonly Row[];
  /** Where the next page begins. */
  readonly cursor: string | null;
  /** The page is not full, but older ones may fit: nothing that was created before this time was looked at. */
  readonly searchedTo: Date | null;
}

const ROW =
  `e.id, e.type, e.target, e.status, e.queue, e.version, e.attempt, e.max_attempts as "maxAttempts", e.note,
  e.parent_id as "parentId", e.error ->> 'type' as "errorType", left(e.error ->> 'message', 300) as "errorMessage",
  e.fingerprint::text as fingerprint, left(e.cancel_reason, 300) as "cancelReason", e.created_at as "createdAt", e.run_at as "runAt",
  e.claimed_at as "startedAt", e.completed_at as "completedAt", e.paused_at as "pausedAt"`;

const WAITS = `left join lateral (
    select (array_agg(x.kind))[1] as "waitKind", (array_agg(x.name))[1] as "waitName", min(x.until) as "waitUntil", count(*)::integer as waits
    from (select w.kind, w.name, w.until from rhythm.waits as w where w.execution_id = e.id and e.status = 'suspended' limit 100) as x
    having count(*) > 0
  ) as p on true`;

/** How busy everything is. */
export async function readPulse(engine: EngineRef): Promise<Pulse> {
  const [row] = await ask<Pulse>(
    engine,
    `select
      (select coalesce(sum(r.completed + r.failed + r.cancelled), 0)::float8 from rhythm.rates as r
        where r.span = 'minute' and r.at = (select date_trunc('minute', rhythm.now()) - interval '1 minute')) as "perMinute",
      (select count(*)::integer from rhythm.failures as f where f.state = 'new') as "newFailures",
      (select count(*)::integer from rhythm.operations as o where o.state = 'running') as operations,
      (select count(*)::integer from rhythm.workers as w where w.lease_until > rhythm.now()) as workers,
      (select count(*)::integer from rhythm.pauses) as pauses`,
  );
  return row!;
}

// Heartbeats, calls of workers and the moment of the last tick() are written all the time, and no page shows them as they come.
const QUIET = "'worker', 'worker_call', 'setting', 'queue_head'";

/** Changes when something was written, to any table but a few: a second later, as a rule, and ten at most. */
export async function readMark(engine: EngineRef): Promise<string> {
  const [row] = await ask<{ mark: string }>(
    engine,
    `select sum(pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid))::text as mark
    from pg_catalog.pg_class as c
    where c.relnamespace = :'schema'::regnamespace and c.relkind = 'r' and c.relname not in (${QUIET})`,
  );
  return row!.mark;
}

/** A page of executions, newest first. It looks at a bounded number of them. */
export async function listRows(engine: EngineRef, filter: StoredFilter): Promise<RowPage> {
  const rows = await ask<Row & { cursor: string | null; searchedTo: Date | null }>(
    engine,
    `select e.*, p."waitKind", p."waitName", p."waitUntil", p.waits, f.searched_to as cursor,
      case when coalesce(cardinality(f.ids), 0) < ${filter.limit} then rhythm.created_at(f.searched_to) end as "searchedTo"
    from rhythm.search_executions($1::text::jsonb, $2::text::uuid, ${filter.limit}) as f
    left join lateral (
      select ${ROW} from unnest(f.ids) as i (id)
      cross join lateral (select x.* from rhythm.executions as x where x.id = i.id offset 0) as e
    ) as e on true
    ${WAITS} order by e.id desc`,
    [searchOf(filter), filter.beforeId ?? null],
  );
  const { cursor, searchedTo } = rows[0]!;
  const found = rows.filter(({ id }) => id !== null).map(({ cursor: _, searchedTo: __, ...row }) => row);
  return { rows: found, cursor, searchedTo };
}

/** What executions are grouped by. */
export type GroupBy = "status" | "name" | "queue" | "version" | "error" | "line";

/** Executions that have something in common. */
export interface Group {
  /** What they have in common; of failures, the number of their kind. Null: they have no such thing. */
  readonly value: string | null;
  /** Of failures: what failed, the class of the error, and the beginning of its message. */
  readonly target: string | null;
  readonly errorType: string | null;
  readonly errorMessage: string | null;
  /** The line of the flow, if all of them failed in the same one. */
  readonly line: string | null;
  /** How many there are. */
  readonly executions: number;
}

const GROUPS: Readonly<Record<GroupBy, { value: string; from?: string }>> = {
  status: { value: "e.status" },
  name: { value: "e.target" },
  queue: { value: "e.queue" },
  version: { value: "e.version::text" },
  error: { value: "e.fingerprint::text" },
  line: {
    value: "l.line",
    from: `cross join lateral (
      select e.at_line as line where e.completed_at is not null
      union all
      select x.line::text from unnest(case when e.completed_at is null and e.type = 'workflow' then rhythm.lines_of(e.id) end) as x (line)
    ) as l`,
  },
};

/** The newest executions that fit, in groups. */
export interface Groups {
  /** The largest first. */
  readonly groups: readonly Group[];
  /** How many executions are counted at most. */
  readonly most: number;
  /** There may be more that fit: nothing that was created before this time was looked at. */
  readonly searchedTo: Date | null;
}

/** The newest executions that fit, in groups, the largest first. To find a line, a workflow is opened: so only 250 are looked at. */
export async function listGroups(engine: EngineRef, by: GroupBy, filter: StoredFilter): Promise<Groups> {
  const { value, from = "" } = GROUPS[by];
  const most = by === "line" ? 250 : 2_000;
  const groups = await ask<Group & { searchedTo: Date | null }>(
    engine,
    `with found as materialized (select f.ids, f.searched_to from rhythm.search_executions($1::text::jsonb, $2::text::uuid, ${most}) as f)
    select g.*, rhythm.created_at(f.searched_to) as "searchedTo"
    from found as f left join lateral (
      select g.value, count(*)::integer as executions, max(g.target) as target, max(g.type) as "errorType", max(g.message) as "errorMessage",
        case when min(g.line) = max(g.line) then min(g.line) end as line
      from (
        select ${value} as value, e.target, e.error_type as type, e.error_message as message, e.at_line as line
        from unnest(f.ids) as i (id) cross join lateral (
          select e.id, e.type, e.target, ${
      by === "status" ? "e.status" : "null as status"
    }, e.queue, e.version, e.fingerprint, e.completed_at,
            e.error #>> '{at,line}' as at_line, e.error ->> 'type' as error_type, left(e.error ->> 'message', 200) as error_message
          from rhythm.executions as e where e.id = i.id offset 0
        ) as e ${from}
      ) as g
      group by g.value order by executions desc, g.value limit 100
    ) as g on true
    order by g.executions desc, g.value`,
    [searchOf(filter), filter.beforeId ?? null],
  );
  return {
    groups: groups.filter(({ executions }) => executions !== null).map(({ searchedTo: _, ...group }) =>
      group
    ),
    ...{ most, searchedTo: groups[0]!.searchedTo },
  };
}

/** What ended in a span of time. */
export interface Ended {
  /** Its beginning. */
  readonly at: Date;
  /** How many completed or were cancelled. */
  readonly ok: number;
  /** How many failed. */
  readonly failed: number;
}

/** What ended in each minute, hour or day since a time. */
export async function listEnded(
  engine: EngineRef,
  { each, since }: { each: "minute" | "hour" | "day"; since: Date },
): Promise<Ended[]> {
  return await ask<Ended>(
    engine,
    `select date_trunc($1::text, r.at, 'UTC') as at, sum(r.completed + r.cancelled)::float8 as ok, sum(r.failed)::float8 as failed
    from (
      select r.at, sum(r.completed) as completed, sum(r.cancelled) as cancelled, sum(r.failed) as failed from rhythm.rates as r
      where r.span = case when $1::text = 'minute' then 'minute' else 'hour' end and r.at >= (select date_trunc($1::text, $2::text::timestamptz, 'UTC'))
      group by r.at) as r
    group by 1 order by 1`,
    [each, since.toISOString()],
  );
}

/** An execution and its descendants, oldest first, so many at most. */
export async function listFamily(engine: EngineRef, id: string, limit: number): Promise<Row[]> {
  return await ask<Row>(
    engine,
    `with recursive tree (id) as (
      select $1::text::uuid
      union all
      select c.id from tree as t cross join lateral (
        select x.id from rhythm.executions as x where x.parent_id = t.id order by x.id limit ${limit}
      ) as c
    )
    select e.*, p."waitKind", p."waitName", p."waitUntil", p.waits
    from (
      select ${ROW} from (select t.id from tree as t limit ${limit}) as t join rhythm.executions as e on e.id = t.id
    ) as e
    ${WAITS} order by e.id`,
    [id],
  );
}

/** What changes when an execution does: itself, its steps and what people did after a step, its first thousand children, its lines, its log. */
export async function readStamp(engine: EngineRef, id: string, after: number): Promise<JsonValue> {
  const [row] = await ask<{ stamp: JsonValue }>(
    engine,
    `select jsonb_build_array(e.status, e.attempt, e.failures, e.progress, e.note, e.paused_at, e.completed_at, e.claimed_at,
      (select jsonb_build_array(count(*), count(c.completed_at), count(c.claimed_at), sum(c.attempt)) from (
        select x.completed_at, x.claimed_at, x.attempt from rhythm.executions as x where x.parent_id = e.id order by x.id limit 1000) as c),
      (select jsonb_agg(to_jsonb(x)) from (select w.kind, w.id from rhythm.waits as w where w.execution_id = e.id limit 100) as x),
      case when e.type = 'workflow' then (select max(h.step) from rhythm.history(e.id, $2::text::integer, 100) as h) end,
      (select max(l.id) from rhythm.logs as l where l.execution_id = e.id)) as stamp
    from rhythm.executions as e where e.id = $1::text::uuid`,
    [id, after],
  );
  return row?.stamp ?? null;
}

/** A key that an execution was started with. */
export interface HeldKey {
  /** `kept`: an idempotency key; `queued`, `active`: how long it is held; `throttle`. */
  readonly kind: "kept" | "queued" | "active" | "throttle";
  /** The key. */
  readonly heldKey: string;
  /** Whose it is now; of a throttle key, the last that was started. */
  readonly holder: string;
  /** When it ends by itself. */
  readonly until: Date | null;
}

/** The keys of an execution that still mean something. */
export async function listKeysOf(engine: EngineRef, id: string): Promise<HeldKey[]> {
  return await ask<HeldKey>(
    engine,
    `select k.kind, k.key as "heldKey", k.holder, k.until from rhythm.keys_of($1::text::uuid) as k order by k.kind, k.key`,
    [id],
  );
}

/** The trace to which an execution belongs, as W3C Trace Context has it; null: to none. */
export async function readTraceparent(engine: EngineRef, id: string): Promise<string | null> {
  const [row] = await ask<{ traceparent: string | null }>(
    engine,
    "select e.traceparent from rhythm.executions as e where e.id = $1::text::uuid",
    [id],
  );
  return row?.traceparent ?? null;
}

/** The text of the version that an execution runs; nothing: it is no flow. */
export async function readSource(
  engine: EngineRef,
  id: string,
): Promise<{ version: number; source: string } | null> {
  const [row] = await ask<{ version: number; source: string }>(
    engine,
    `select e.version, v.source from rhythm.executions as e
    join rhythm.flow_versions as v on v.name = e.target and v.version = e.version
    where e.id = $1::text::uuid and e.type = 'workflow'`,
    [id],
  );
  return row ?? null;
}

/** The last log lines of an execution, oldest first. */
export async function lastLines(engine: EngineRef, id: string, limit: number): Promise<JsonValue[]> {
  const rows = await ask<{ line: JsonValue }>(
    engine,
    `select to_jsonb(l) as line from (
      select x.id::text as id, x.at, x.level, left(x.message, 2000) as message,
        case when pg_column_size(x.data) < 4000 then x.data end as data
      from rhythm.logs as x where x.execution_id = $1::text::uuid order by x.id desc limit ${limit}
    ) as l order by l.id::bigint`,
    [id],
  );
  return rows.map(({ line }) => line);
}
