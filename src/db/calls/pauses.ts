import { ask, type EngineRef } from "./engine_ref.ts";

/** What can be paused. */
export type Pausable =
  | { readonly kind: "execution" | "task" | "flow" | "queue"; readonly name: string }
  | { readonly kind: "key"; readonly name: string; readonly key: string }
  | { readonly kind: "everything" };

/** Something that is paused, except executions. */
export interface StoredPause {
  /** What it is. */
  readonly kind: "everything" | "task" | "workflow" | "queue" | "key";
  /** The task, flow or queue. */
  readonly name: string | null;
  /** The concurrency key. */
  readonly key: string | null;
  /** Since when. */
  readonly pausedAt: Date;
  /** Who paused it. */
  readonly pausedBy: string | null;
  /** Why. */
  readonly reason: string | null;
}

/** Pauses something; false: it was paused already, or an execution has ended. */
export async function pause(
  engine: EngineRef,
  what: Pausable,
  why: { reason: string | null; by: string | null },
): Promise<boolean> {
  return await change(engine, "pause", what, [why.reason, why.by]);
}

/** Ends a pause; false: there was none. */
export async function resume(engine: EngineRef, what: Pausable): Promise<boolean> {
  return await change(engine, "resume", what, []);
}

async function change(
  engine: EngineRef,
  verb: "pause" | "resume",
  what: Pausable,
  more: readonly (string | null)[],
): Promise<boolean> {
  const names = what.kind === "everything" ? [] : what.kind === "key" ? [what.name, what.key] : [what.name];
  const params = [...names, ...more];
  const list = params.map((_, index) =>
    `$${index + 1}::text${what.kind === "execution" && index === 0 ? "::uuid" : ""}`
  );
  const [row] = await ask<{ changed: boolean }>(
    engine,
    `select rhythm.${verb}_${what.kind}(${list.join(", ")}) as changed`,
    params,
  );
  return row!.changed;
}

/** What is paused, the latest last. */
export async function listPauses(engine: EngineRef): Promise<StoredPause[]> {
  return await ask<StoredPause>(
    engine,
    `select p.kind, p.name, p.key, p.paused_at as "pausedAt", p.paused_by as "pausedBy", p.reason
    from rhythm.pauses as p order by p.paused_at, p.kind, p.name, p.key`,
  );
}
