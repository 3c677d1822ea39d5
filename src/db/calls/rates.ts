import { ask, type EngineRef } from "./engine_ref.ts";

/** What ended in a span of time. */
export interface StoredRate {
  /** The beginning of the span. */
  readonly at: Date;
  /** Tasks, or workflows. */
  readonly type: "task" | "workflow";
  /** The task or flow. */
  readonly target: string;
  /** The queue. */
  readonly queue: string;
  /** How many completed. */
  readonly completed: number;
  /** How many failed and are not repeated. */
  readonly failed: number;
  /** How many were cancelled. */
  readonly cancelled: number;
  /** How many attempts are repeated. */
  readonly retried: number;
  /** How long they took in the mean. */
  readonly meanMs: number | null;
  /** What half of them took at most. */
  readonly p50Ms: number | null;
  /** What 95 of 100 took at most. */
  readonly p95Ms: number | null;
  /** What 99 of 100 took at most. */
  readonly p99Ms: number | null;
}

/** Lists what ended, by the minute or hour, or in all. */
export async function listRates(
  engine: EngineRef,
  filter: {
    span: "minute" | "hour";
    since: Date;
    until: Date;
    type?: string | undefined;
    target?: string | undefined;
    queue?: string | undefined;
    total: boolean;
  },
): Promise<StoredRate[]> {
  const each = filter.total ? "null::timestamptz" : "r.at";
  return await ask<StoredRate>(
    engine,
    `with r as (
      select ${each} as at, min(r.at) as first_at, r.type, r.target, r.queue, sum(r.completed)::float8 as completed, sum(r.failed)::float8 as failed,
        sum(r.cancelled)::float8 as cancelled, sum(r.retried)::float8 as retried, sum(r.total_ms)::float8 as total_ms
      from rhythm.rates as r
      where r.span = $1::text and r.at >= date_trunc($1::text, $2::text::timestamptz) and r.at < $3::text::timestamptz
        and ($4::text is null or r.type = $4::text) and ($5::text is null or r.target = $5::text) and ($6::text is null or r.queue = $6::text)
      group by 1, r.type, r.target, r.queue
    )
    select coalesce(r.at, r.first_at) as at, r.type, r.target, r.queue, r.completed, r.failed, r.cancelled, r.retried,
      round((r.total_ms / nullif(t.count, 0))::numeric, 1)::float8 as "meanMs",
      round(rhythm.took_at(t.took, 0.5)::numeric, 1)::float8 as "p50Ms", round(rhythm.took_at(t.took, 0.95)::numeric, 1)::float8 as "p95Ms",
      round(rhythm.took_at(t.took, 0.99)::numeric, 1)::float8 as "p99Ms"
    from r
    cross join lateral (
      select array_agg(b.n order by b.nth) as took, sum(b.n)::float8 as count
      from (
        select u.nth, sum(u.n)::bigint as n
        from rhythm.rates as x cross join lateral unnest(x.took) with ordinality as u (n, nth)
        where x.span = $1::text and x.at >= date_trunc($1::text, $2::text::timestamptz) and x.at < $3::text::timestamptz
          and x.type = r.type and x.target = r.target and x.queue = r.queue and (r.at is null or x.at = r.at)
        group by u.nth
      ) as b
    ) as t
    order by 1, r.type, r.target, r.queue`,
    [
      filter.span,
      filter.since.toISOString(),
      filter.until.toISOString(),
      filter.type ?? null,
      filter.target ?? null,
      filter.queue ?? null,
    ],
  );
}
