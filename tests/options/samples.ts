/**
 * A value for each option, and what the engine keeps of it. A new option needs a line here: then every surface is tried.
 *
 * @module
 */
import type { Database } from "../../src/db/database.ts";

/** A value of an option, as TypeScript and as SQL say it. */
export interface Sample {
  /** As TypeScript, flows and HTTP take it. */
  readonly value: unknown;
  /** What the engine then keeps; nothing: the value itself. */
  readonly kept?: unknown;
  /** Options that cannot stand beside it. */
  readonly without?: readonly string[];
}

const retry = {
  maxAttempts: 5,
  backoff: "linear",
  initial: 2,
  max: 60,
  factor: 3,
  jitter: 0.25,
  crashes: 2,
};

/** What each option is tried with. What must differ from call to call is made from `nth`. */
export function samples(nth: number): Record<string, Sample> {
  return {
    queue: { value: "side" },
    priority: { value: -7 },
    delay: { value: "1h30m", kept: 5_400, without: ["runAt"] },
    runAt: { value: "2100-01-02T03:04:05.000Z", without: ["delay"] },
    expires: { value: "3h", kept: 10_800 },
    timeout: { value: "2m30s", kept: 150_000 },
    retry: { value: retry, kept: { ...retry, max_attempts: 5, maxAttempts: undefined } },
    idempotencyKey: { value: `key ${nth}`, without: ["unique"] },
    idempotencyTtl: { value: "1d", kept: 86_400 },
    unique: {
      value: { key: `unique ${nth}`, while: "queued", onConflict: "reject" },
      without: ["idempotencyKey"],
    },
    debounce: {
      value: { key: `debounce ${nth}`, delay: "1h30m", maxDelay: "2h", inputs: "first" },
      without: ["idempotencyKey", "unique", "delay", "runAt"],
    },
    throttle: {
      value: { key: `throttle ${nth}`, limit: 1, per: "1h", else: "drop" },
      without: ["idempotencyKey", "unique", "debounce", "delay", "runAt"],
    },
    concurrencyKey: { value: "customer 7" },
    metadata: { value: { team: "a b", nested: { camelCase: [1] } } },
    parent: { value: parentId },
    onParentCancel: { value: "abandon" },
    id: { value: `01900000-0000-7000-8000-${nth.toString(16).padStart(12, "0")}` },
  };
}

/** The execution that others are put under. */
export const parentId = "01900000-0000-7000-8000-ffffffffffff";

/** What the engine keeps of an execution's options, under their names in TypeScript. */
export async function kept(database: Database, id: string): Promise<Record<string, unknown>> {
  const [row] = await database.query<{ kept: Record<string, unknown> }>(
    `select jsonb_build_object(
      'queue', e.queue, 'priority', e.priority,
      'delay', round(extract(epoch from e.run_at - rhythm.now()) / 10) * 10,
      'runAt', to_char(e.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'expires', round(extract(epoch from e.expires_at - coalesce(e.run_at, rhythm.now())) / 10) * 10,
      'timeout', e.timeout_ms, 'retry', e.retry, 'maxAttempts', rhythm.max_attempts(e.retry),
      'idempotencyKey', substr(k.key, length(e.type || ':' || e.target || ':') + 1),
      'idempotencyTtl', round(extract(epoch from k.expires_at - rhythm.now()) / 10) * 10,
      'unique', jsonb_build_object('key', e.unique_key),
      'debounce', jsonb_build_object('key', substr(k.key, length('debounce:' || e.type || ':' || e.target || ':') + 1)),
      'throttle', jsonb_build_object('key', (select substr(t.key, length(e.type || ':' || e.target || ':') + 1) from rhythm.throttle as t where t.last_id = e.id)),
      'concurrencyKey', e.concurrency_key, 'metadata', e.metadata, 'parent', e.parent_id, 'onParentCancel', case when e.outlives then 'abandon' end, 'id', e.id
    ) as kept
    from rhythm.execution as e
    left join rhythm.idempotency_key as k on k.execution_id = e.id
    where e.id = $1::text::uuid`,
    [id],
  );
  return row!.kept;
}
