import postgres from "postgres";
import type { MakePeer } from "../peer.ts";

const BATCH = 1_000;

/**
 * The least that Postgres can do for durable tasks whose results are kept: one table, one partial index, batches of a
 * thousand in one statement each; no checks, no retries, no limits, no waking. What remains above it is what a product costs.
 */
export const makePeer: MakePeer = ({ url, hit }) => {
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  let working: Promise<unknown> | undefined;
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

  // A step of a hundred workflows a statement; the next step of any begins when the one before is stored. Two
  // connections: one half of the workflows runs while the other half is stored.
  async function stepOn(half: number): Promise<void> {
    while (!stopped) {
      const rows = await sql<{ id: string; done: number }[]>`
        select r.id, r.done from floor_run as r where r.done < 10 and r.id % 2 = ${half} order by r.id limit 100`;
      if (rows.length === 0) return;
      const ids = rows.map(({ id }) => id);
      for (let n = rows[0]!.done; n < 10; n++) {
        for (const _ of rows) hit();
        await sql`
          with step as (
            insert into floor_step (run, nth, output, ended_at)
            select r.id, ${n}::int, to_jsonb(${n}::int), now() from unnest(${ids}::bigint[]) as r (id))
          update floor_run as r set done = r.done + 1 where r.id = any (${ids})`;
      }
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
        create index floor_task_ready on floor_task (id) where ready;
        create table floor_run (id bigint generated always as identity primary key, done smallint not null default 0)
          with (fillfactor = 50);
        create table floor_step (run bigint, nth smallint, output jsonb, ended_at timestamptz, primary key (run, nth));`);
    },
    startWorker: () => {
      stopped = false;
      working = Promise.all([work(), stepOn(0), stepOn(1)]);
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
    startSteps: async (count) => {
      await sql`insert into floor_run select from generate_series(1, ${count}::int)`;
    },
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select (select count(*) from (select from floor_task where ready limit 1) as t)::int
          + (select count(*) from (select from floor_run where done < 10 limit 1) as r)::int as left`;
      return row!.left;
    },
    close: async () => await sql.end({ timeout: 5 }),
  };
};
