import type postgres from "postgres";
import { type Benchmark, less, type Sample, type Stage } from "../bench.ts";
import type { Drained } from "../host.ts";
import { Session } from "../session/session.ts";

/** What the journal costs in B4: drains of one worker in one database, with it and without it in turn. And what heat costs there. */
export const b20: Benchmark = {
  name: "B20",
  title: "B4 with the journal and without it, in turn; and what counting the lines costs in it",
  needs: ["startSteps", "heatMicros"],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const [workflows, turns] = tiny ? [5, 1] : [500, 24];
    const session = await Session.open(stage.url);
    const costs: Record<"with" | "without", Cost[]> = { with: [], without: [] };
    let heartbeat: number;
    try {
      const journal = await journalOf(session.sql);
      const drain = async (how: "with" | "without"): Promise<Cost> => {
        await session.sql.unsafe(journal[how]);
        return await drained(stage, workflows);
      };
      // What both of them compile and plan first.
      if (!tiny) { for (const how of ["without", "with"] as const) await drain(how); }
      for (let turn = 0; turn < turns; turn++) {
        const order = turn % 2 === 0 ? ["with", "without"] as const : ["without", "with"] as const;
        for (const how of order) costs[how].push(await drain(how));
        onProgress(`B20 ${stage.file}: turn ${turn + 1} of ${turns}`);
      }
      await session.sql.unsafe(journal.with);
      heartbeat = await heatOfHeartbeat(session, tiny ? 2 : 500);
    } finally {
      await session.close();
    }
    const ratio = (cost: keyof Cost): number => best(costs.with, cost) / best(costs.without, cost);
    const heat = await stage.worker.ask<number>("heatMicros", tiny ? 100 : 1_000_000);
    const worker = best(costs.with, "worker");
    return [
      less("WAL, to no journal", "", ratio("wal")),
      less("server CPU, to no journal", "", ratio("server")),
      less("worker CPU, to no journal", "", ratio("worker")),
      less("WAL per step", "B", best(costs.with, "wal")),
      less("server CPU per step", "µs", best(costs.with, "server")),
      less("worker CPU per step", "µs", worker),
      less("heat: worker CPU per step", "µs", heat),
      less("heat: of the worker's CPU", "", heat / worker),
      less("heat: server CPU a heartbeat", "µs", heartbeat),
    ];
  },
};

/** What a step cost. */
interface Cost {
  readonly wal: number;
  readonly server: number;
  readonly worker: number;
}

// Whatever else the machine does makes processor time longer, never shorter: the mean of the lowest quarter.
function best(costs: readonly Cost[], which: keyof Cost): number {
  const values = costs.map((cost) => cost[which]).sort((a, b) => a - b);
  const few = values.slice(0, Math.ceil(values.length / 4));
  return few.reduce((sum, value) => sum + value, 0) / few.length;
}

// Counts of two lines, as a worker of B4 sends them.
async function heatOfHeartbeat(session: Session, times: number): Promise<number> {
  const { sql } = session;
  const [{ id }] = await sql<[{ id: string }]>`
    select rhythm.register_worker(null, p_queues => array['heat']::text[], p_lease => '1h') as id`;
  const lines = [1, 2].map((line) => ({
    ...{
      type: "line",
      target: "steps",
      queue: `1:${line}`,
      completed: 1_000,
      failed: 0,
      cancelled: 0,
      retried: 0,
    },
    ...{ total_ms: 1_000, took: [1_000] },
  }));
  const beats = (rates: unknown) => async (): Promise<void> => {
    for (let nth = 0; nth < times; nth++) {
      await sql`select rhythm.beat(${id}, null, '[]', ${JSON.stringify(rates)}::text::jsonb)`;
    }
  };
  await beats(lines)();
  const [plain, heated] = [await session.used(beats([])), await session.used(beats(lines))];
  return (heated.cpuSeconds - plain.cpuSeconds) / times * 1e6;
}

async function drained(stage: Stage, workflows: number): Promise<Cost> {
  const steps = workflows * 10;
  await stage.client.ask("startSteps", workflows);
  const { result, counters } = await stage.counted(() => stage.worker.ask<Drained>("drain", steps));
  return {
    wal: counters.walBytes / steps,
    server: counters.cpuSeconds / steps * 1e6,
    worker: result.cpuSeconds / steps * 1e6,
  };
}

/** What of the engine writes the journal. */
const WRITES = [
  { name: "note_steps", text: "where o.moment is not null", none: "where false" },
  { name: "write_step_ends", text: "      parent_step = g.seq + 1, output", none: "      output" },
  {
    name: "write_step_ends",
    text: "from rung as r where r.moment is not null",
    none: "from rung as r where false",
  },
];

// The functions as they are, and as they would be if nothing wrote the journal.
async function journalOf(sql: postgres.Sql): Promise<{ with: string; without: string }> {
  const rows = await sql<{ name: string; text: string }[]>`
    select p.proname as name, pg_get_functiondef(p.oid) as text from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace and p.proname = any (${WRITES.map(({ name }) => name)})`;
  const without = rows.map(({ name, text }) =>
    WRITES.filter((write) => write.name === name).reduce((all, write) => {
      if (!all.includes(write.text)) throw new Error(`${name}() has no "${write.text}" any more`);
      return all.replace(write.text, write.none);
    }, text)
  );
  return { with: rows.map(({ text }) => text).join(";\n"), without: without.join(";\n") };
}
