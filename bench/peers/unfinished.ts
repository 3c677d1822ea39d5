import type postgres from "postgres";
import type { AppWorker } from "../../mod.ts";

/**
 * Whether anything of Rhythm's is to be done now: how much, or 1 or 0. What is ready or leased is in a batch; neither what is
 * delayed nor a workflow that waits counts, for a benchmark may leave a million of them. An index answers each question.
 */
export async function unfinished(sql: postgres.Sql, worker: AppWorker | undefined): Promise<number> {
  if (worker !== undefined && worker.inFlight > 0) return worker.inFlight;
  const [row] = await sql<{ left: number }[]>`
    select case
      when exists (select from rhythm.batch where worker is null and run_at is null and not limited) then 1
      when exists (select from rhythm.batch where worker is null and run_at is null and limited) then 1
      when exists (select from rhythm.batch where worker is not null) then 1
      else 0 end as left`;
  return row!.left;
}
