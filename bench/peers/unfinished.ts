import type postgres from "postgres";
import type { AppWorker } from "../../mod.ts";

/**
 * Whether anything of Rhythm's is not over: 1 or 0. What is dear to ask is asked when all else is over, the newest first;
 * not at all where the only worker is at hand, which knows what it has not settled.
 */
export async function unfinished(sql: postgres.Sql, worker: AppWorker | undefined): Promise<number> {
  if (worker !== undefined && worker.inFlight > 0) return worker.inFlight;
  const [row] = await sql<{ left: number }[]>`
    select case
      when exists (select from rhythm.ready_batch) then 1
      when exists (select from rhythm.execution where place = 1) then 1
      when exists (select from rhythm.execution where place = 2) then 1
      when ${worker !== undefined} then 0
      when exists (
        select
        from (select l.ids from rhythm.newborn_lease as l order by l.id desc) as l
        cross join lateral unnest(l.ids) as i (id)
        cross join lateral (select from rhythm.execution as e where e.id = i.id and e.stage = 2 offset 0) as e) then 1
      else 0 end as left`;
  return row!.left;
}
