import { ask, type EngineRef } from "./engine_ref.ts";

/** The limits of a queue; null: none. */
export interface StoredLimits {
  /** How many run at once. */
  readonly concurrency: number | null;
  /** How many of one key run at once. */
  readonly perKeyConcurrency: number | null;
  /** How many begin within a time. */
  readonly rate: number | null;
  /** That time, in seconds. */
  readonly perSeconds: number | null;
  /** How many of one key begin within a time. */
  readonly perKeyRate: number | null;
  /** That time, in seconds. */
  readonly perKeyPerSeconds: number | null;
  /** Whether keys take turns. */
  readonly fair: "key" | null;
  /** How many turns keys have while others have one; null: as it is. */
  readonly weights: Readonly<Record<string, number>> | null;
}

/** The limits of one concurrency key; null: as for all keys. */
export interface StoredKeyLimits {
  /** How many run at once. */
  readonly concurrency: number | null;
  /** How many begin within a time. */
  readonly rate: number | null;
  /** That time, in seconds. */
  readonly perSeconds: number | null;
  /** How many turns it has while others have one. */
  readonly weight: number | null;
}

/** A queue: what is in it, who takes from it, its limits. */
export interface QueueInfo {
  /** Its name. */
  readonly queue: string;
  /** How many executions could run now. */
  readonly ready: number;
  /** How many wait for their time. */
  readonly delayed: number;
  /** How many run. */
  readonly running: number;
  /** How many workflows wait for something. */
  readonly suspended: number;
  /** When the oldest one that could run was created. */
  readonly oldestAt: Date | null;
  /** How long ago that is. */
  readonly oldestSeconds: number | null;
  /** How many workers take from it. */
  readonly workers: number;
  /** Whether nothing is taken from it for now. */
  readonly paused: boolean;
  /** How many run at once. */
  readonly concurrency: number | null;
  /** How many of one key run at once. */
  readonly perKeyConcurrency: number | null;
  /** How many begin within `perSeconds`. */
  readonly rate: number | null;
  /** The time that `rate` counts. */
  readonly perSeconds: number | null;
  /** How many of one key begin within `perKeyPerSeconds`. */
  readonly perKeyRate: number | null;
  /** The time that `perKeyRate` counts. */
  readonly perKeyPerSeconds: number | null;
  /** Whether concurrency keys take turns. */
  readonly fair: boolean;
}

/** The columns of a queue as q that do not change by themselves. */
export const QUEUE_COLUMNS = `
  q.queue, q.ready, q.delayed, q.running, q.suspended, q.oldest_at as "oldestAt",
  q.workers, q.paused, q.concurrency, q.per_key_concurrency as "perKeyConcurrency", q.rate,
  extract(epoch from q.per)::float8 as "perSeconds", q.per_key_rate as "perKeyRate",
  extract(epoch from q.per_key_per)::float8 as "perKeyPerSeconds", q.fair`;

const AGE = 'q.oldest_seconds as "oldestSeconds"';

/** All queues, counted. */
export async function listQueues(engine: EngineRef): Promise<QueueInfo[]> {
  return await ask<QueueInfo>(
    engine,
    `select ${QUEUE_COLUMNS}, ${AGE} from rhythm.queues as q order by q.queue`,
  );
}

/** A queue, counted at a bounded cost. */
export interface QueueDepth extends QueueInfo {
  /** Whether ready or delayed is an estimate. */
  readonly isEstimate: boolean;
}

/** All queues. What there is much of is estimated. */
export async function listDepths(engine: EngineRef): Promise<QueueDepth[]> {
  return await ask<QueueDepth>(
    engine,
    `select ${QUEUE_COLUMNS}, ${AGE}, q.is_estimate as "isEstimate" from rhythm.count_queues() as q order by q.queue`,
  );
}

/** Sets the limits of a queue. */
export async function configureQueue(engine: EngineRef, queue: string, limits: StoredLimits): Promise<void> {
  await ask(
    engine,
    `select rhythm.configure_queue(
      p_queue => $1::text, concurrency => $2::text::integer, per_key_concurrency => $3::text::integer,
      rate => $4::text::integer, per => make_interval(secs => $5::text::float8),
      per_key_rate => $6::text::integer, per_key_per => make_interval(secs => $7::text::float8),
      fair => $8::text, weights => $9::text::jsonb
    )`,
    [
      queue,
      text(limits.concurrency),
      text(limits.perKeyConcurrency),
      text(limits.rate),
      text(limits.perSeconds),
      text(limits.perKeyRate),
      text(limits.perKeyPerSeconds),
      limits.fair,
      limits.weights === null ? null : JSON.stringify(limits.weights),
    ],
  );
}

/** Sets the limits of one concurrency key of a queue. */
export async function configureKey(
  engine: EngineRef,
  place: { queue: string; key: string },
  limits: StoredKeyLimits,
): Promise<void> {
  await ask(
    engine,
    `select rhythm.configure_key(
      p_queue => $1::text, p_key => $2::text, concurrency => $3::text::integer,
      rate => $4::text::integer, per => make_interval(secs => $5::text::float8), weight => $6::text::integer
    )`,
    [
      place.queue,
      place.key,
      text(limits.concurrency),
      text(limits.rate),
      text(limits.perSeconds),
      text(limits.weight),
    ],
  );
}

function text(value: number | null): string | null {
  return value === null ? null : String(value);
}
