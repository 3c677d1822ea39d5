import postgres from "postgres";
import type { MakePeer } from "../peer.ts";

const BATCH = 1_000;

/**
 * The least that Postgres can do for durable tasks whose results are kept: one table, one partial index, batches of a
 * thousand in one statement each; no checks, no retries, no limits, no waking. What remains above it is what a product costs.
 */
export const makePeer: MakePeer = ({ url, hit }) => {
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  let working: Promise<void> | undefined;
  let stopped = false;

  async function work(): Promise<void> {
    while (!stopped) {
      const rows = await sql<{ id: string }[]>`
        update floor_task as t set state = 'running', attempt = t.attempt + 1, started_at = now()
        where t.id = any (array(
          select r.id from floor_task as r where r.ready order by r.id limit ${BATCH} for update skip locked))
        returning t.id`;
      if (rows.length === 0) return;
      for (const _ of rows) hit();
      await sql`
        update floor_task as t set state = 'completed', ready = false, output = 'null', ended_at = now()
        where t.id = any (${rows.map(({ id }) => id)})`;
    }
  }

  return {
    name: "SQL floor",
    setup: async () => {
      await sql.unsafe(`
        create table floor_task (
          id bigint generated always as identity primary key,
          ready boolean not null default true,
          attempt smallint not null default 0,
          started_at timestamptz,
          ended_at timestamptz,
          state text not null default 'pending',
          input jsonb not null,
          output jsonb
        ) with (fillfactor = 50);
        create index floor_task_ready on floor_task (id) where ready;`);
    },
    startWorker: () => {
      stopped = false;
      working = work();
      return Promise.resolve();
    },
    stopWorker: async () => {
      stopped = true;
      await working;
    },
    enqueue: async (count) => {
      for (let left = count; left > 0; left -= BATCH) {
        await sql`insert into floor_task (input)
          select '{"n": 1}' from generate_series(1, ${Math.min(BATCH, left)}::int)`;
      }
    },
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from (select from floor_task where ready limit 1) as t`;
      return row!.left;
    },
    close: async () => await sql.end({ timeout: 5 }),
  };
};
