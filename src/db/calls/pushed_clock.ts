import type { Database } from "../database.ts";
import { ask, type EngineRef, intervalText } from "./engine_ref.ts";

/**
 * Sets how far the engine's clock is ahead of the real one, for an embedded database, which has one session. No worker that lives
 * counts as dead because of it: each has a heartbeat at the new time, in the same transaction.
 */
export async function pushClock(
  { database, schema }: { database: Database; schema: string },
  ms: number,
): Promise<void> {
  await database.transaction(async (on) => {
    const engine = { on, schema };
    const alive = await ask<{ id: string }>(
      engine,
      "select w.id::text as id from rhythm.workers as w where w.lease_until > rhythm.now()",
    );
    await on.script(`set rhythm_clock.shift = '${intervalText(ms)}'`);
    for (const { id } of alive) await ask(engine, "select rhythm.beat($1::text::uuid)", [id]);
  });
}

/** When the next timer, wait, delay or schedule is due, and the time now, in milliseconds since 1970; null: nothing is. */
export async function nextDue(engine: EngineRef): Promise<{ now: number; due: number | null }> {
  const [row] = await ask<{ now: number; due: number | null }>(
    engine,
    `select (extract(epoch from rhythm.now()) * 1000)::float8 as now, (extract(epoch from least(
      (select min(w.until) from rhythm.waits as w),
      (select min(s.next_run_at) from rhythm.schedules as s where not s.paused),
      (select min(e.run_at) from rhythm.executions as e where e.status = 'pending' and e.run_at > rhythm.now() and e.run_at < 'infinity'))) * 1000)::float8 as due`,
  );
  return row!;
}

/** Does what is due: timers, schedules, deadlines. */
export async function fireDue(engine: EngineRef): Promise<void> {
  await ask(engine, "select rhythm.tick()");
}

/** What goes on without waiting for time or a signal: a few of them. */
export async function goingOn(engine: EngineRef): Promise<{ target: string; isRunning: boolean }[]> {
  return await ask(
    engine,
    `select e.target, e.status = 'running' as "isRunning" from rhythm.executions as e
    where e.status = 'running' or (e.status = 'pending' and e.paused_at is null and coalesce(e.run_at, e.created_at) <= rhythm.now())
    order by e.status desc, e.id limit 3`,
  );
}
