import type { Row } from "../database.ts";
import { ask, type Home } from "./home.ts";

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
export async function schedule(home: Home, request: ScheduleRequest): Promise<Date | null> {
  const [row] = await ask<{ next: Date | null }>(
    home,
    `select rhythm.schedule(
      p_name => $1, p_cron => $2, p_target => $3, p_inputs => $4::text::jsonb, p_type => $5, p_timezone => $6,
      p_overlap => $7, p_catch_up => $8, p_jitter => make_interval(secs => $9::text::float8), p_options => $10::text::jsonb
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
export async function unschedule(home: Home, name: string): Promise<boolean> {
  const [row] = await ask<{ removed: boolean }>(home, "select rhythm.unschedule($1) as removed", [name]);
  return row!.removed;
}

/** Keeps a schedule from firing; false if it was paused already. */
export async function pauseSchedule(home: Home, name: string): Promise<boolean> {
  const [row] = await ask<{ paused: boolean }>(home, "select rhythm.pause_schedule($1) as paused", [name]);
  return row!.paused;
}

/** Lets a schedule fire again; gives its next time. */
export async function resumeSchedule(home: Home, name: string): Promise<Date | null> {
  const [row] = await ask<{ next: Date | null }>(home, "select rhythm.resume_schedule($1) as next", [name]);
  return row!.next;
}

/** Fires a schedule now, besides its times; gives the execution. */
export async function triggerSchedule(home: Home, name: string): Promise<string> {
  const [row] = await ask<{ id: string }>(home, "select rhythm.trigger_schedule($1) as id", [name]);
  return row!.id;
}

/** Starts what a schedule would have started in a time past; gives the executions. */
export async function backfillSchedule(
  home: Home,
  name: string,
  span: { from: Date; to: Date },
): Promise<string[]> {
  const rows = await ask<{ id: string }>(
    home,
    "select b.id from rhythm.backfill_schedule($1, $2::text::timestamptz, $3::text::timestamptz) as b(id)",
    [name, span.from.toISOString(), span.to.toISOString()],
  );
  return rows.map((row) => row.id);
}

/** All schedules. */
export async function listSchedules(home: Home): Promise<Row[]> {
  return await ask(home, "select s.* from rhythm.schedules as s order by s.name");
}
