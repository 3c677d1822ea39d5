import { ask, type EngineRef } from "./engine_ref.ts";

/** What happened at a line of a flow. */
export interface StoredHeat {
  /** The line. */
  readonly line: number;
  /** How often it was waited at. */
  readonly came: number;
  /** How often a workflow failed there. */
  readonly failed: number;
  /** How often an attempt failed there that is repeated. */
  readonly retried: number;
  /** How long they waited in the mean. */
  readonly meanMs: number | null;
  /** How long half of them waited at most. */
  readonly p50Ms: number | null;
  /** How long 95 of 100 waited at most. */
  readonly p95Ms: number | null;
  /** How long 99 of 100 waited at most. */
  readonly p99Ms: number | null;
}

/** The text of a version of a flow, or of the current one; nothing: there is none. */
export async function readSource(
  engine: EngineRef,
  name: string,
  version: number | null,
): Promise<{ version: number; source: string } | null> {
  const [row] = await ask<{ version: number; source: string }>(
    engine,
    `select v.version, v.source from rhythm.flow_versions as v
    where v.name = $1::text and case when $2::text is null then v.is_current else v.version = $2::text::integer end`,
    [name, version === null ? null : String(version)],
  );
  return row ?? null;
}

/** What happened at the lines of a version of a flow, in order. */
export async function readHeat(
  engine: EngineRef,
  of: { name: string; version: number; span: "minute" | "hour"; since: Date; until: Date },
): Promise<StoredHeat[]> {
  return await ask<StoredHeat>(
    engine,
    `with h as (
      select h.line, h.came, h.failed, h.retried, h.total_ms, h.took from rhythm.heat as h
      where h.flow = $1::text and h.version = $2::text::integer and h.span = $3::text
        and h.at >= date_trunc($3::text, $4::text::timestamptz) and h.at < $5::text::timestamptz
    )
    select x.line, x.came, x.failed, x.retried, round((x.total_ms / nullif(t.count, 0))::numeric, 1)::float8 as "meanMs",
      round(rhythm.took_at(t.took, 0.5)::numeric, 1)::float8 as "p50Ms", round(rhythm.took_at(t.took, 0.95)::numeric, 1)::float8 as "p95Ms",
      round(rhythm.took_at(t.took, 0.99)::numeric, 1)::float8 as "p99Ms"
    from (
      select h.line, sum(h.came)::float8 as came, sum(h.failed)::float8 as failed, sum(h.retried)::float8 as retried, sum(h.total_ms)::float8 as total_ms
      from h group by h.line
    ) as x
    cross join lateral (
      select array_agg(b.n order by b.nth) as took, sum(b.n)::float8 as count
      from (
        select u.nth, sum(u.n)::bigint as n from h cross join lateral unnest(h.took) with ordinality as u (n, nth)
        where h.line = x.line group by u.nth
      ) as b
    ) as t
    order by x.line`,
    [of.name, String(of.version), of.span, of.since.toISOString(), of.until.toISOString()],
  );
}
