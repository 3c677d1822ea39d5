import { type Engine, type Lease, openEngine } from "./engine.ts";
import { Session } from "./session.ts";

/** The life of tasks with one product, in one session, by what it offers for many at once. */
export interface Life {
  /** The session. */
  readonly session: Session;
  /** Where its tables are, if it keeps what is over. */
  readonly schema?: string;
  /** Queues so many tasks. */
  create(count: number): Promise<void>;
  /** Claims and ends all that is queued. */
  work(): Promise<void>;
  /** Deletes what is over; gives how many. Left out: nothing stays. */
  purge?(): Promise<number>;
  /** What else it opened. */
  close(): Promise<void>;
}

const CREATED = 5_000;
const CLAIMED = 1_000;

/** The products that have such a life, by their module in `bench/peers`. */
export const LIVES: Readonly<Record<string, (url: string) => Promise<Life>>> = {
  rhythm: rhythmLife,
  rhythm_before: rhythmLife,
  graphile_worker: graphileLife,
  pg_boss: bossLife,
  floor: floorLife,
};

async function rhythmLife(url: string): Promise<Life> {
  const session = await Session.open(url);
  const engine: Engine = await openEngine(session, "life");
  return {
    session,
    schema: "rhythm",
    create: (count) => engine.create({ count, queue: "life" }),
    async work(): Promise<void> {
      let held: Lease[] = [];
      do held = await engine.next(held, CLAIMED); while (held.length > 0);
    },
    async purge(): Promise<number> {
      let all = 0;
      for (let some = -1; some !== 0; all += some) some = await engine.purge();
      return all;
    },
    close: () => session.close(),
  };
}

// The statements of its modules addJobs, getJobs and completeJobs, for workers without flags.
async function graphileLife(url: string): Promise<Life> {
  const session = await Session.open(url);
  const { sql } = session;
  const run = (text: string, values: readonly (string | number | string[] | number[] | boolean)[]) =>
    sql.unsafe(text, values as never[], { prepare: true });
  const claim = `
    with j_raw as (
      select jobs.job_queue_id, jobs.priority, jobs.run_at, jobs.id
      from graphile_worker._private_jobs as jobs
      where jobs.is_available = true and run_at <= now() and task_id = any($2::int[])
        and (jobs.job_queue_id is null or jobs.job_queue_id in (
          select id from graphile_worker._private_job_queues as job_queues
          where job_queues.is_available = true for update skip locked))
      order by priority asc, run_at asc limit ${CLAIMED} for update skip locked
    ), j as (
      select distinct on (job_queue_id, case when job_queue_id is null then id end) job_queue_id, priority, run_at, id
      from j_raw order by job_queue_id, case when job_queue_id is null then id end, priority asc, run_at asc
    ), q as (
      update graphile_worker._private_job_queues as job_queues set locked_by = $1::text, locked_at = now()
      from j where job_queues.id = j.job_queue_id
    )
    update graphile_worker._private_jobs as jobs
    set attempts = jobs.attempts + 1, locked_by = $1::text, locked_at = now()
    from j where jobs.id = j.id returning *`;
  return {
    session,
    async create(count): Promise<void> {
      for (let left = count; left > 0; left -= CREATED) {
        const jobs = Array.from({ length: Math.min(CREATED, left) }, () => ({
          identifier: "life",
          payload: { n: 1 },
        }));
        await run(
          `select * from graphile_worker.add_jobs(
            array(select json_populate_recordset(null::graphile_worker.job_spec, $1::json)), $2::boolean)`,
          [JSON.stringify(jobs), false],
        );
      }
    },
    async work(): Promise<void> {
      const [task] = await run("select id from graphile_worker._private_tasks where identifier = $1", [
        "life",
      ]);
      while (true) {
        const jobs = await run(claim, ["bench", [task!.id as number]]);
        if (jobs.length === 0) return;
        await run(
          `delete from graphile_worker._private_jobs as jobs using unnest($1::bigint[]) n(n) where id = n`,
          [jobs.map(({ id }) => id as string)],
        );
      }
    },
    close: () => session.close(),
  };
}

// Its client, which runs the statements it is asked for on the session that is measured.
async function bossLife(url: string): Promise<Life> {
  const { PgBoss } = await import("pg-boss");
  const session = await Session.open(url);
  const executeSql = async (text: string, values: unknown[] = []): Promise<{ rows: unknown[] }> => {
    const rows = await session.sql.unsafe(text, values as never[], { prepare: values.length > 0 });
    return { rows: [...rows], ...{ rowCount: rows.count } };
  };
  const boss = new PgBoss(
    {
      db: { executeSql },
      supervise: false,
      schedule: false,
      migrate: false,
    } as ConstructorParameters<typeof PgBoss>[0],
  );
  boss.on("error", () => {});
  await boss.start();
  await boss.createQueue("life");
  return {
    session,
    schema: "pgboss",
    async create(count): Promise<void> {
      for (let left = count; left > 0; left -= CREATED) {
        await boss.insert(
          "life",
          Array.from({ length: Math.min(CREATED, left) }, () => ({ data: { n: 1 } })),
        );
      }
    },
    async work(): Promise<void> {
      while (true) {
        const jobs = await boss.fetch("life", { batchSize: CLAIMED });
        if (jobs.length === 0) return;
        await boss.complete("life", jobs.map((job: { id: string }) => job.id));
      }
    },
    async purge(): Promise<number> {
      const [row] = await session.sql<{ count: number }[]>`
        select count(*)::int as count from pgboss.job where name = 'life'`;
      await boss.deleteStoredJobs("life");
      return row!.count;
    },
    async close(): Promise<void> {
      await boss.stop({ graceful: false });
      await session.close();
    },
  };
}

async function floorLife(url: string): Promise<Life> {
  const session = await Session.open(url);
  const { sql } = session;
  return {
    session,
    async create(count): Promise<void> {
      for (let left = count; left > 0; left -= CREATED) {
        await sql`insert into floor_task (input)
          select '{"n": 1}' from generate_series(1, ${Math.min(CREATED, left)}::int)`;
      }
    },
    async work(): Promise<void> {
      while (true) {
        const rows = await sql<{ id: string }[]>`
          update floor_task as t set state = 'running', attempt = t.attempt + 1, started_at = now()
          where t.id = any (array(
            select r.id from floor_task as r where r.ready order by r.id limit ${CLAIMED} for update skip locked))
          returning t.id`;
        if (rows.length === 0) return;
        await sql`
          update floor_task as t set state = 'completed', ready = false, output = 'null', ended_at = now()
          where t.id = any (${rows.map(({ id }) => id)}::bigint[])`;
      }
    },
    async purge(): Promise<number> {
      const gone = await sql`delete from floor_task as t where not t.ready`;
      return gone.count;
    },
    close: () => session.close(),
  };
}
