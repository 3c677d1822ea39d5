import { ask, type EngineRef } from "./engine_ref.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";

/** A worker that is alive, or was alive recently. */
export interface WorkerInfo {
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** What it takes from. */
  readonly queues: readonly string[];
  /** When it made itself known. */
  readonly startedAt: Date;
  /** Its last heartbeat. */
  readonly beatAt: Date;
  /** Until when that holds. */
  readonly leaseUntil: Date;
  /** How long a heartbeat is valid. */
  readonly leaseMs: number;
  /** Whether it waits to be woken. */
  readonly sleeping: boolean;
  /** How much it has in flight. */
  readonly running: number;
  /** Since when it takes nothing new. */
  readonly drainingSince: Date | null;
  /** What it reported of itself. */
  readonly info: JsonObject;
}

/** All workers. */
export async function readWorkers(engine: EngineRef): Promise<WorkerInfo[]> {
  return await ask<WorkerInfo>(
    engine,
    `select
      w.id, w.name, w.queues, w.started_at as "startedAt", w.beat_at as "beatAt", w.lease_until as "leaseUntil",
      (extract(epoch from w.lease) * 1000)::float8 as "leaseMs", w.sleeping, w.running, w.draining_since as "drainingSince", w.info
    from rhythm.workers as w order by w.started_at, w.id`,
  );
}

/** A worker takes nothing new; false: it was draining already. */
export async function drainWorker(
  engine: EngineRef,
  worker: string,
  reason: string | null,
): Promise<boolean> {
  const [row] = await ask<{ changed: boolean }>(
    engine,
    "select rhythm.drain_worker($1::text::uuid, $2::text) as changed",
    [worker, reason],
  );
  return row!.changed;
}

/** A worker takes what comes again; false: it was not draining. */
export async function resumeWorker(engine: EngineRef, worker: string): Promise<boolean> {
  const [row] = await ask<{ changed: boolean }>(
    engine,
    "select rhythm.resume_worker($1::text::uuid) as changed",
    [worker],
  );
  return row!.changed;
}

/** A violation that `check()` found. */
export interface Violation {
  /** Where, as far as it is about one execution. */
  readonly executionId: string | null;
  /** What, in words. */
  readonly violation: string;
}

/** What the engine's own check finds; empty when all is well. */
export async function readViolations(engine: EngineRef): Promise<Violation[]> {
  return await ask<Violation>(
    engine,
    `select v.execution_id as "executionId", v.violation from rhythm.check() as v`,
  );
}

/** The state of a workflow, with its program and source. */
export interface FlowState {
  /** The flow's name. */
  readonly name: string;
  /** The number of its version. */
  readonly version: number;
  /** Its text. */
  readonly source: string;
  /** Its compiled program. */
  readonly code: JsonValue;
  /** Its state; nothing: it has not begun. */
  readonly snapshot: JsonValue;
  /** What it waits for. */
  readonly waits: JsonValue;
}

/** Reads the state of a workflow; nothing: it is not a workflow, or it has ended. */
export async function readFlowState(engine: EngineRef, id: string): Promise<FlowState | null> {
  const [row] = await ask<{ state: FlowState | null }>(
    engine,
    "select rhythm.flow_state($1::text::uuid) as state",
    [id],
  );
  return row!.state;
}
