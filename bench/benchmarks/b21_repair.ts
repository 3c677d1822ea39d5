import { type Benchmark, less, more, type Sample, type Stage } from "../bench.ts";
import { multiply } from "../../tests/support/multiply.ts";
import type { Drained } from "../host.ts";
import { openEngine } from "../session/engine.ts";
import { Session } from "../session/session.ts";

/** What a repair of 100,000 executions takes from B1, which the same worker does at the same time. */
export const b21: Benchmark = {
  name: "B21",
  title: "B1 while 100,000 workflows are repaired in bulk, and without that, in turn",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const [waiting, times, turns] = tiny ? [4, 1, 1] : [100, 1_000, 12];
    const count = tiny ? 200 : 20_000;
    const session = await Session.open(stage.url);
    const found: Record<"beside" | "alone", Drained[]> = { beside: [], alone: [] };
    const repaired: number[] = [];
    try {
      await suspend(session, waiting);
      if (times > 1) await multiply(session.sql, { times: times - 1, stepMs: 60_000 });
      await session.sql.unsafe("vacuum analyze");
      if (!tiny) await drain(stage, count);
      for (let turn = 0; turn < turns; turn++) {
        for (const how of turn % 2 === 0 ? ["beside", "alone"] as const : ["alone", "beside"] as const) {
          const operation = how === "beside" ? await begin(session) : undefined;
          found[how].push(await drain(stage, count));
          if (operation !== undefined) {
            repaired.push(await end(session, operation) / found[how].at(-1)!.seconds);
          }
        }
        onProgress(
          `B21 ${stage.file}: turn ${turn + 1} of ${turns}, ${repaired.at(-1)!.toFixed(0)} repaired a second`,
        );
      }
    } finally {
      await session.close();
    }
    const [beside, alone] = [best(found.beside), best(found.alone)];
    return [
      more("B1 beside it, to B1 alone", "", alone / beside),
      more("B1 beside it", "/s", count / beside),
      more("B1 alone", "/s", count / alone),
      less("repaired beside B1", "/s", repaired.reduce((sum, one) => sum + one, 0) / repaired.length),
    ];
  },
};

// Whatever else the machine does makes a drain longer, never shorter: the mean of the shortest quarter.
function best(drains: readonly Drained[]): number {
  const values = drains.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const few = values.slice(0, Math.ceil(values.length / 4));
  return few.reduce((sum, value) => sum + value, 0) / few.length;
}

async function drain(stage: Stage, count: number): Promise<Drained> {
  await stage.client.ask("enqueue", count);
  return await stage.worker.ask<Drained>("drain", count);
}

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
