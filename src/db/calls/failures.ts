import { arrayText, ask, type EngineRef } from "./engine_ref.ts";

/** Failures of one kind. */
export interface StoredFailureKind {
  /** What they share. */
  readonly fingerprint: string;
  /** What people know of them. */
  readonly state: "new" | "known" | "resolved" | "ignored";
  /** Tasks, or workflows. */
  readonly type: "task" | "workflow";
  /** The task or flow. */
  readonly target: string;
  /** The error's class. */
  readonly errorType: string | null;
  /** Its message, with # for what differs. */
  readonly message: string | null;
  /** How often it came. */
  readonly count: number;
  /** How many are failed now. */
  readonly failed: number;
  /** When it came first. */
  readonly firstAt: Date;
  /** When it came last. */
  readonly lastAt: Date;
  /** How often it came in each of the last 24 hours. */
  readonly trend: readonly number[];
  /** Versions of the flow. */
  readonly versions: readonly number[];
  /** The execution that failed last. */
  readonly exampleId: string;
  /** When its state was set. */
  readonly changedAt: Date | null;
  /** By whom. */
  readonly changedBy: string | null;
  /** A word about it. */
  readonly note: string | null;
}

/** Lists kinds of failures, the latest first. */
export async function listFailures(
  engine: EngineRef,
  { fingerprint, states, target, limit }: {
    fingerprint?: string;
    states?: readonly string[];
    target?: string;
    limit: number;
  },
): Promise<StoredFailureKind[]> {
  return await ask<StoredFailureKind>(
    engine,
    `select f.fingerprint::text as fingerprint, f.state, f.type, f.target, f.error_type as "errorType", f.message,
      f.count::float8 as count, f.failed::float8 as failed, f.first_at as "firstAt", f.last_at as "lastAt",
      to_jsonb(f.trend) as trend, to_jsonb(f.versions) as versions, f.example_id as "exampleId",
      f.changed_at as "changedAt", f.changed_by as "changedBy", f.note
    from rhythm.failures as f
    where ($1::text is null or f.fingerprint = $1::text::bigint) and ($2::text is null or f.state = any ($2::text::text[]))
      and ($3::text is null or f.target = $3::text)
    order by f.last_at desc, f.fingerprint limit ${limit}`,
    [fingerprint ?? null, states === undefined ? null : arrayText(states), target ?? null],
  );
}

/** Sets the state of a kind of failures; false: it had that state. */
export async function setFailure(
  engine: EngineRef,
  { fingerprint, state, note, by }: {
    fingerprint: string;
    state: string;
    note: string | null;
    by: string | null;
  },
): Promise<boolean> {
  const [row] = await ask<{ changed: boolean }>(
    engine,
    "select rhythm.set_failure($1::text::bigint, $2::text, $3::text, $4::text) as changed",
    [fingerprint, state, note, by],
  );
  return row!.changed;
}
