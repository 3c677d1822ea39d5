import type { Benchmark, Sample } from "../bench.ts";
import { multiply } from "../../tests/support/multiply.ts";
import { besideB1 } from "./beside.ts";
import { openEngine } from "../session/engine.ts";
import { Session } from "../session/session.ts";

/** What a repair of 100,000 executions takes from B1, which the same worker does at the same time. */
export const b21: Benchmark = {
  name: "B21",
  title: "B1 while 100,000 workflows are repaired in bulk, and without that, in turn",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 1,
  async round(stage, size): Promise<Sample[]> {
    const [waiting, times] = size.tiny ? [4, 1] : [100, 1_000];
    const session = await Session.open(stage.url);
    try {
      await suspend(session, waiting);
      if (times > 1) await multiply(session.sql, { times: times - 1, stepMs: 60_000 });
      await session.sql.unsafe("vacuum analyze");
      return await besideB1(stage, size, {
        name: "B21",
        does: "repaired",
        begin: async () => {
          const operation = await begin(session);
          return () => end(session, operation);
        },
      });
    } finally {
      await session.close();
    }
  },
};

// They wait for a signal, so the worker of the benchmark has nothing to do for them. A piece takes the same time, whatever is repaired.
async function suspend(session: Session, count: number): Promise<void> {
  const { sql } = session;
  const engine = await openEngine(session, "repaired");
  await sql`select rhythm.register_flow('bench_repaired', 'return 1', '{}')`;
  await sql`select rhythm.create_many((
    select jsonb_agg('{"type": "workflow", "target": "bench_repaired", "queue": "repaired"}'::jsonb) from generate_series(1, ${count}::integer)))`;
  for (const lease of await engine.next([], count)) {
    const id = crypto.randomUUID();
    await engine.settle(lease, {
      status: "suspended",
      snapshot: { at: 1 },
      effects: [{ type: "await_signal", id, name: "go" }],
      waits: [{ mode: "any", ids: [id] }],
      keep: [id],
    });
  }
}

async function begin({ sql }: Session): Promise<string> {
  const [{ id }] = await sql<[{ id: string }]>`
    select rhythm.operate('repair', '{"target": "bench_repaired", "status": "suspended"}', '{"set": {"a": 1}}') as id`;
  return id;
}

async function end({ sql }: Session, operation: string): Promise<number> {
  await sql`select rhythm.stop_operation(${operation})`;
  const [{ done, refused }] = await sql<[{ done: string; refused: string }]>`
    select done, refused from rhythm.operations where id = ${operation}`;
  if (refused !== "0") throw new Error(`${refused} were refused`);
  return Number(done);
}
