import type { JsonObject } from "../../shared/json.ts";
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

/** What is started when executions fail. */
export interface StoredHook {
  /** Its name. */
  readonly name: string;
  /** When: for each new kind, or for each execution. */
  readonly event: "new" | "failed";
  /** Which executions. */
  readonly filter: JsonObject;
  /** A task, or a workflow. */
  readonly type: "task" | "workflow";
  /** What it starts. */
  readonly target: string;
  /** The host of the address it calls. */
  readonly host: string | null;
  /** Whether calls are signed. */
  readonly isSigned: boolean;
  /** The queue. */
  readonly queue: string | null;
  /** When it was set. */
  readonly createdAt: Date;
  /** By whom. */
  readonly createdBy: string;
  /** How many executions it has started. */
  readonly started: number;
  /** When it started the last one. */
  readonly lastAt: Date | null;
  /** The last one. */
  readonly lastId: string | null;
  /** Why the last one could not be started. */
  readonly problem: string | null;
}

/** What a hook starts, when, and for which executions. */
export interface HookToSet {
  /** Its name. */
  readonly name: string;
  /** What it starts. */
  readonly target: string | null;
  /** A task, or a workflow. */
  readonly type: string;
  /** When. */
  readonly event: string;
  /** The address it calls. */
  readonly url: string | null;
  /** With which calls are signed. */
  readonly secret: string | null;
  /** JSON text: which executions. */
  readonly filter: string;
  /** The queue. */
  readonly queue: string | null;
  /** Who sets it. */
  readonly by: string | null;
}

/** All hooks, by name. */
export async function listHooks(engine: EngineRef): Promise<StoredHook[]> {
  return await ask<StoredHook>(
    engine,
    `select h.name, h.event, h.filter, h.type, h.target, h.host, h.is_signed as "isSigned", h.queue, h.created_at as "createdAt",
      h.created_by as "createdBy", h.started::float8 as started, h.last_at as "lastAt", h.last_id as "lastId", h.problem
    from rhythm.failure_hooks as h order by h.name`,
  );
}

/** Creates or replaces a hook. */
export async function setHook(engine: EngineRef, hook: HookToSet): Promise<void> {
  await ask(
    engine,
    `select rhythm.set_failure_hook($1::text, $2::text, $3::text, $4::text, url => $5::text, secret => $6::text,
      filter => $7::text::jsonb, queue => $8::text, p_by => $9::text)`,
    [hook.name, hook.target, hook.type, hook.event, hook.url, hook.secret, hook.filter, hook.queue, hook.by],
  );
}

/** Removes a hook; false: there was none. */
export async function removeHook(engine: EngineRef, name: string): Promise<boolean> {
  const [row] = await ask<{ removed: boolean }>(
    engine,
    "select rhythm.remove_failure_hook($1::text) as removed",
    [name],
  );
  return row!.removed;
}

/** The address that a call of a hook is for, with its secret; nothing: the hook was removed. */
export async function readHookAddress(
  engine: EngineRef,
  execution: string,
): Promise<{ url: string; secret: string | null } | null> {
  const [row] = await ask<{ address: { url: string; secret: string | null } | null }>(
    engine,
    "select rhythm.hook_address($1::text::uuid) as address",
    [execution],
  );
  return row!.address;
}
