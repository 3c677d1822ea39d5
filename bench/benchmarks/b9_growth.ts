import postgres from "postgres";
import { type Benchmark, less, more, type Sample } from "../bench.ts";
import { drains } from "./drained.ts";

/** The same drain with years of work around it. */
export const b9: Benchmark = {
  name: "B9",
  title: "B1 beside 5 million finished, 1 million delayed and 1 million waiting executions",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const count = tiny ? 200 : 20_000;
    const tell = (speed: number): void => onProgress(`B9 ${speed.toFixed(0)} /s`);
    const empty = await drains(stage, { count, times: tiny ? 1 : 5, tell });
    const sql = postgres(stage.url, { max: 1, onnotice: () => {} });
    const rows = await fill(sql, tiny ? 1_000 : 1_000_000, (what) => onProgress(`B9 ${what}`));
    await sql.end();
    const full = await drains(stage, { count, times: tiny ? 1 : 5, tell });
    return [
      more("tasks", "/s", full.speed),
      more("to an empty database", "", full.speed / empty.speed),
      less("server CPU per task", "µs", full.serverMicros),
      less("server CPU to an empty database", "", full.serverMicros / empty.serverMicros),
      less("rows", "", rows),
    ];
  },
};

// Ids of the past: a number in hexadecimal digits is as good a time as any before today.
const AN_ID = `(lpad(to_hex(1600000000000 + n), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid`;

async function fill(sql: postgres.Sql, million: number, tell: (what: string) => void): Promise<number> {
  const columns =
    "id, created_at, run_at, completed_at, stage, max_attempts, type, status, target, queue, inputs";
  const rows = (from: number, to: number): string =>
    `from generate_series(${from * million + 1}, ${to * million}) as n`;
  for (let part = 0; part < 5; part++) {
    await sql.unsafe(`
      insert into rhythm.execution (${columns}, output)
      select ${AN_ID}, now(), null, now(), 4, 3, 'task', 'completed', 'noop', 'default', '{"n": 1}', 'null'
      ${rows(part, part + 1)}`);
    tell(`${part + 1} of 7 parts of the rows are there`);
  }
  await sql.unsafe(`
    insert into rhythm.execution (${columns})
    select ${AN_ID}, now(), now() + interval '1 day', null, 0, 3, 'task', 'pending', 'noop', 'default', '{"n": 1}'
    ${rows(5, 6)}`);
  tell("6 of 7 parts of the rows are there");
  await sql.begin(async (tx) => {
    await tx.unsafe(`
      insert into rhythm.execution (${columns})
      select ${AN_ID}, now(), null, null, 3, 1, 'workflow', 'suspended', 'waiter', 'default', '{}' ${
      rows(6, 7)
    }`);
    await tx.unsafe(`
      insert into rhythm.workflow_state (execution_id, program, need, waits)
      select ${AN_ID}, (select program from rhythm.flow where name = 'waiter'), '{1}', '[]' ${rows(6, 7)}`);
  });
  tell("all rows are there, to be vacuumed");
  await sql.unsafe("vacuum analyze rhythm.execution");
  await sql.unsafe("vacuum analyze rhythm.workflow_state");
  await sql.unsafe("checkpoint");
  const [row] = await sql<{ rows: number }[]>`select count(*)::int as rows from rhythm.execution`;
  return row!.rows;
}
