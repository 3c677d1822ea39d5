import { multiply } from "../../tests/support/multiply.ts";
import { type Benchmark, less, more, type Sample } from "../bench.ts";
import { type Engine, openEngine } from "../session/engine.ts";
import { Session } from "../session/session.ts";
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
    const session = await Session.open(stage.url);
    const rows = await fill(session, tiny ? 1_000 : 1_000_000, (what) => onProgress(`B9 ${what}`));
    await session.close();
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

// One of each kind, made by the engine itself, and copies of them with ids of the past.
async function fill(session: Session, million: number, tell: (what: string) => void): Promise<number> {
  const engine = await openEngine(session, "b9");
  let rows = 0;
  for (
    const [name, make, copies] of [
      ["finished", finished, 5 * million],
      ["delayed", delayed, million],
      ["waiting", waiting, million],
    ] as const
  ) {
    const where = `e.id = '${await make(engine)}'`;
    ({ execution: rows } = await multiply(session.sql, { times: copies, stepMs: 1, where }) as {
      execution: number;
    });
    tell(`${copies} ${name} are there`);
  }
  await session.sql.unsafe("vacuum analyze");
  await session.sql.unsafe("checkpoint");
  return rows;
}

async function finished(engine: Engine): Promise<string> {
  await engine.create({ count: 1, queue: "b9" });
  const leases = await engine.next([], 1);
  await engine.next(leases, 0);
  return leases[0]!.id;
}

async function delayed({ session }: Engine): Promise<string> {
  const [row] = await session.sql<{ id: string }[]>`select rhythm.queue('noop', delay => '24h') as id`;
  return row!.id;
}

async function waiting(engine: Engine): Promise<string> {
  const { sql } = engine.session;
  await sql`select rhythm.start('waiter', queue => 'b9')`;
  const [row] = await sql<{ id: string }[]>`select rhythm.uuid7() as id`;
  const [lease] = await engine.next([], 1);
  await engine.settle(lease!, {
    status: "suspended",
    snapshot: { at: 1 },
    effects: [{ type: "await_signal", id: row!.id, name: "go" }],
    waits: [{ mode: "any", ids: [row!.id] }],
    keep: [row!.id],
  });
  return lease!.id;
}
