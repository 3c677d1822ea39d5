import postgres from "postgres";
import { type Benchmark, less, more, type Sample, type Stage } from "../bench.ts";
import type { Drained } from "../host.ts";

const filled = new Map<string, number>();

/** The same drain with years of work around it. */
export const b9: Benchmark = {
  name: "B9",
  title: "B1 beside 5 million finished, 1 million delayed and 1 million waiting executions",
  needs: ["enqueue"],
  alone: true,
  async round(stage, { tiny }): Promise<Sample[]> {
    const count = tiny ? 200 : 20_000;
    if (!filled.has(stage.url)) {
      filled.set(stage.url, await drain(stage, count));
      await fill(stage.url, tiny ? 1_000 : 1_000_000);
    }
    const empty = filled.get(stage.url)!;
    const full = await drain(stage, count);
    return [
      more("tasks", "/s", full),
      more("to an empty database", "", full / empty),
      less("rows", "", await rows(stage)),
    ];
  },
};

/** Drains what it queues; gives tasks a second. */
export async function drain(stage: Stage, count: number): Promise<number> {
  await stage.client.ask("enqueue", count);
  return count / (await stage.worker.ask<Drained>("drain", count)).seconds;
}

// Ids of the past: a number in hexadecimal digits is as good a time as any before today.
const AN_ID = `(lpad(to_hex(1600000000000 + n), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid`;

async function fill(url: string, million: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const columns =
    "id, created_at, run_at, completed_at, stage, max_attempts, type, status, target, queue, inputs";
  await sql.unsafe(`
    insert into rhythm.execution (${columns}, output)
    select ${AN_ID}, now(), null, now(), 4, 3, 'task', 'completed', 'noop', 'default', '{"n": 1}', 'null'
    from generate_series(1, 5 * ${million}) as n;
    insert into rhythm.execution (${columns})
    select ${AN_ID}, now(), now() + interval '1 day', null, 0, 3, 'task', 'pending', 'noop', 'default', '{"n": 1}'
    from generate_series(5 * ${million} + 1, 6 * ${million}) as n;
    insert into rhythm.execution (${columns})
    select ${AN_ID}, now(), null, null, 3, 1, 'workflow', 'suspended', 'waiter', 'default', '{}'
    from generate_series(6 * ${million} + 1, 7 * ${million}) as n;
    insert into rhythm.workflow_state (execution_id, program, need, waits)
    select ${AN_ID}, (select program from rhythm.flow where name = 'waiter'), '{1}', '[]'
    from generate_series(6 * ${million} + 1, 7 * ${million}) as n;`).simple();
  await sql.unsafe("vacuum analyze rhythm.execution").simple();
  await sql.end();
}

async function rows(stage: Stage): Promise<number> {
  const sql = postgres(stage.url, { max: 1, onnotice: () => {} });
  const [row] = await sql<{ rows: number }[]>`select count(*)::int as rows from rhythm.execution`;
  await sql.end();
  return row!.rows;
}
