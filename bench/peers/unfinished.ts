import type postgres from "postgres";
import type { AppWorker } from "../../mod.ts";

/**
 * Whether anything of Rhythm's is not over: how much, or 1 or 0. What is ready or leased is in a batch; a workflow that
 * waits has a state.
 */
export async function unfinished(sql: postgres.Sql, worker: AppWorker | undefined): Promise<number> {
  if (worker !== undefined && worker.inFlight > 0) return worker.inFlight;
  const [row] = await sql<{ left: number }[]>`
    select case
      when exists (select from rhythm.batch) then 1
      when exists (select from rhythm.workflow_state) then 1
      else 0 end as left`;
  return row!.left;
}
