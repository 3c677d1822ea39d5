import type { JsonObject, JsonValue } from "../../shared/json.ts";
import { ask, type EngineRef } from "./engine_ref.ts";

/** A schedule as `schedule()` takes it. */
export interface ScheduleRequest {
  /** Its name. */
  readonly name: string;
  /** When. */
  readonly cron: string;
  /** What runs. */
  readonly target: string;
  /** JSON text of the inputs. */
  readonly inputs: string;
  /** A task or a workflow. */
  readonly type: string;
  /** The time zone of the cron expression. */
  readonly timezone: string;
  /** What happens when the run before is not over. */
  readonly overlap: string;
  /** What happens with runs that were missed. */
  readonly catchUp: string;
  /** How far a run may be moved at random, in seconds. */
  readonly jitterSeconds: number;
  /** JSON text of the options of its executions. */
  readonly options: string;
}

/** Creates or replaces a schedule; gives its next time. */
export async function schedule(engine: EngineRef, request: ScheduleRequest): Promise<Date | null> {
  const [row] = await ask<{ next: Date | null }>(
    engine,
    `select rhythm.schedule(
      p_name => $1, p_cron => $2, p_target => $3, p_inputs => $4::text::jsonb, type => $5, timezone => $6,
      overlap => $7, catch_up => $8, jitter => make_interval(secs => $9::text::float8), options => $10::text::jsonb
    ) as next`,
    [
      request.name,
      request.cron,
      request.target,
      request.inputs,
      request.type,
      request.timezone,
      request.overlap,
      request.catchUp,
      String(request.jitterSeconds),
      request.options,
    ],
  );
  return row!.next;
}

/** Removes a schedule; false if there was none. */
export async function unschedule(engine: EngineRef, name: string): Promise<boolean> {
  const [row] = await ask<{ removed: boolean }>(engine, "select rhythm.unschedule($1) as removed", [name]);
  return row!.removed;
}

/** Keeps a schedule from firing; false if it was paused already. */
export async function pauseSchedule(engine: EngineRef, name: string): Promise<boolean> {
  const [row] = await ask<{ paused: boolean }>(engine, "select rhythm.pause_schedule($1) as paused", [name]);
  return row!.paused;
}

/** Lets a schedule fire again; gives its next time. */
export async function resumeSchedule(engine: EngineRef, name: string): Promise<Date | null> {
  const [row] = await ask<{ next: Date | null }>(engine, "select rhythm.resume_schedule($1) as next", [name]);
  return row!.next;
}

/** Fires a schedule now, besides its times; gives the execution. */
export async function triggerSchedule(engine: EngineRef, name: string): Promise<string> {
  const [row] = await ask<{ id: string }>(engine, "select rhythm.trigger_schedule($1) as id", [name]);
  return row!.id;
}

/** Starts what a schedule would have started in a time past; gives the executions. */
export async function backfillSchedule(
  engine: EngineRef,
  name: string,
  span: { from: Date; to: Date },
): Promise<string[]> {
  const rows = await ask<{ id: string }>(
    engine,
    "select b.id from rhythm.backfill_schedule($1, $2::text::timestamptz, $3::text::timestamptz) as b(id)",
    [name, span.from.toISOString(), span.to.toISOString()],
  );
  return rows.map((row) => row.id);
}

/** A schedule: what it starts, when it ran and runs next. */
export interface ScheduleInfo {
  /** Its name. */
  readonly name: string;
  /** When: five or six fields, or `@daily` and its kind. */
  readonly cron: string;
  /** The time zone of `cron`. */
  readonly timezone: string;
  /** A task or a workflow. */
  readonly type: "task" | "workflow";
  /** The task's or flow's name. */
  readonly target: string;
  /** When it runs next; nothing while it is paused. */
  readonly nextRunAt: Date | null;
  /** When it ran last. */
  readonly lastRunAt: Date | null;
  /** Which of its times that was for. */
  readonly lastSlot: Date | null;
  /** The execution it started last. */
  readonly lastExecutionId: string | null;
  /** Why it last could not start one: code, sentence and slot. */
  readonly lastError: JsonValue;
  /** Whether it does not fire for now. */
  readonly paused: boolean;
  /** What happens when the run before is not over. */
  readonly overlap: "skip" | "queue" | "allow" | "cancel";
  /** What happens with runs that were missed. */
  readonly catchUp: "none" | "one" | "all";
  /** How far a run may be moved at random. */
  readonly jitterSeconds: number;
  /** What its executions are started with. */
  readonly inputs: JsonValue;
  /** Options of its executions. */
  readonly options: JsonObject;
  /** How many runs wait for the one before. */
  readonly queued: number;
  /** How many executions it started. */
  readonly fired: number;
  /** How many runs it left out. */
  readonly skipped: number;
  /** When it was created. */
  readonly createdAt: Date;
  /** When it was changed last. */
  readonly updatedAt: Date;
}

/** All schedules. */
export async function listSchedules(engine: EngineRef): Promise<ScheduleInfo[]> {
  return await ask<ScheduleInfo>(
    engine,
    `select
      s.name, s.cron, s.timezone, s.type, s.target, s.next_run_at as "nextRunAt", s.last_run_at as "lastRunAt",
      s.last_slot as "lastSlot", s.last_execution_id as "lastExecutionId", s.last_error as "lastError", s.paused,
      s.overlap, s.catch_up as "catchUp", extract(epoch from s.jitter)::float8 as "jitterSeconds", s.inputs, s.options,
      s.queued, s.fired, s.skipped, s.created_at as "createdAt", s.updated_at as "updatedAt"
    from rhythm.schedules as s order by s.name`,
  );
}
