import process from "node:process";
import postgres from "postgres";
import { unfinished } from "./unfinished.ts";
import { type AppWorker, Rhythm, type Run, task } from "../../mod.ts";
import { compileFlow } from "../../src/flow/mod.ts";
import { Heat } from "../../src/flow/vm/heat.ts";
import { loadProgram } from "../../src/flow/vm/loaded.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { Rates } from "../../src/worker/loop/rates.ts";
import { clock, type MakePeer } from "../peer.ts";

const CHUNK = 5_000;
/** Large payloads in smaller ones: a call is one text. */
const ECHO_CHUNK = 1_000;

const FLOWS = [
  { name: "steps", source: `for (let n = 0; n < 10; n++) await Task.run("step", { n })\nreturn "done"` },
  {
    name: "fan_out",
    source: `const runs = []
for (let n = 0; n < Inputs.children; n++) runs.push(Task.run("noop", { n }))
return (await Promise.all(runs)).length`,
  },
  {
    name: "sleeper",
    source: `const due = Date.now() + Inputs.ms
await Timer.until(new Date(due))
return Date.now() - due`,
  },
  { name: "long", source: `for (let n = 0; n < Inputs.steps; n++) await Task.run("timed")` },
  {
    name: "endless",
    source: `const { nth, rounds, every } = Inputs
if (nth === 1 || nth % every === 0) await Task.run("round", nth)
if (nth < rounds) return Workflow.continueAs({ nth: nth + 1, rounds, every })
return "done"`,
  },
  { name: "waiter", source: `return await Signal.next("go")` },
];

/** Rhythm, through its public API, with a worker of its own defaults but for the concurrency. */
export const makePeer: MakePeer = ({ url, hit, arrived }) => {
  const noop = task({ name: "noop" }, () => hit());
  const step = task({ name: "step" }, ({ n }: { n: number }) => {
    hit();
    return n;
  });
  const stamped = task({ name: "stamped" }, ({ sentAt }: { sentAt: number }) => arrived(sentAt));
  const echo = task({ name: "echo" }, (input: { text: string }) => {
    hit();
    return input;
  });
  const begun: number[] = [];
  const timed = task({ name: "timed" }, () => void begun.push(performance.now()));
  const samples: { at: number; rows: number; bytes: number; heap: number }[] = [];
  const round = task({ name: "round" }, async () => {
    const [row] =
      await sql`select (select count(*) from rhythm.execution) + (select count(*) from rhythm.workflow_state)
      + (select count(*) from rhythm.batch) + (select count(*) from rhythm.base) + (select count(*) from rhythm.journal)
      + (select count(*) from rhythm.inbox) + (select count(*) from rhythm.timer) as rows,
      (select sum(pg_total_relation_size(c.oid))::float8 from pg_class as c where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'r') as bytes`;
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed } = process.memoryUsage();
    samples.push({ at: performance.now(), rows: Number(row!.rows), bytes: row!.bytes, heap: heapUsed });
  });
  let rhythm: Rhythm | undefined;
  const open = async (): Promise<Rhythm> =>
    rhythm ??= await Rhythm.init({
      databaseUrl: url,
      tasks: [noop, step, stamped, echo, timed, round],
      flows: FLOWS,
      log: { level: "error" },
    });
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  let worker: AppWorker | undefined;
  let working: Promise<void> | undefined;

  async function startWorker(queues?: readonly string[]): Promise<void> {
    worker = (await open()).worker({
      concurrency: 2_000,
      port: 0,
      ...(queues === undefined ? {} : { queues }),
    });
    working = worker.run();
  }

  async function stopWorker(): Promise<void> {
    await worker?.stop();
    await working;
  }

  async function startMany(type: "task" | "workflow", target: string, options: {
    count: number;
    inputs: unknown;
    chunk?: number;
  }): Promise<Run[]> {
    const { chunk = CHUNK } = options;
    const app = await open();
    const runs: Run[] = [];
    for (let left = options.count; left > 0; left -= chunk) {
      const requests = Array.from({ length: Math.min(chunk, left) }, () => ({
        type,
        target,
        inputs: options.inputs,
      }));
      runs.push(...await app.executions.createMany(requests));
    }
    return runs;
  }

  return {
    name: "Rhythm",
    setup: async () => void await open(),
    startWorker: () => startWorker(),
    stopWorker,
    startIdle: (queues) => startWorker(Array.from({ length: queues }, (_, n) => `queue_${n}`)),
    enqueueEcho: async (count, bytes) =>
      void await startMany("task", "echo", { count, inputs: { text: randomText(bytes) }, chunk: ECHO_CHUNK }),
    longFlow: async (steps) => {
      begun.length = 0;
      await startWorker();
      await (await open()).workflows.run("long", { steps }, { wait: { timeout: "10m" } });
      await stopWorker();
      return begun;
    },
    endless: async (rounds) => {
      samples.length = 0;
      await startWorker();
      await (await open()).workflows.run("endless", { nth: 1, rounds, every: rounds / 10 }, {
        wait: { timeout: "3h" },
      });
      await stopWorker();
      return samples;
    },
    takeLag: async () => {
      const headers = { authorization: `Bearer ${worker!.token}` };
      const text = await (await fetch(`${worker!.url}/metrics`, { headers })).text();
      return Number(/^rhythm_event_loop_lag_seconds(?:{.*})? (.*)$/m.exec(text)?.[1]) * 1000;
    },
    enqueue: async (count) => void await startMany("task", "noop", { count, inputs: { n: 1 } }),
    enqueueStamped: async (sentAt) => void await (await open()).tasks.queue("stamped", { sentAt }),
    runTask: async () => void await (await open()).tasks.run("noop", { n: 1 }),
    startSteps: async (count) => void await startMany("workflow", "steps", { count, inputs: {} }),
    fanOut: async (children) => {
      await (await open()).workflows.run("fan_out", { children }, { wait: { timeout: "2m" } });
    },
    sleepers: async (count, ms) => {
      const runs = await startMany("workflow", "sleeper", { count, inputs: { ms } });
      return await Promise.all(runs.map(async (run) => await run.result({ timeout: "2m" }) as number));
    },
    waiting: async () => {
      const run = await (await open()).workflows.start("waiter");
      while ((await run.get()).status !== "suspended") await new Promise((go) => setTimeout(go, 2));
      return async () => {
        const result = run.result({ timeout: "1m" });
        await run.signal("go", clock());
        await result;
      };
    },
    heatMicros,
    unfinished: () => unfinished(sql, worker),
    close: async () => {
      await rhythm?.close();
      await sql.end({ timeout: 5 });
    },
  };
};

// What a worker does in each step of the flow to count its lines: processor time, in microseconds.
function heatMicros(steps: number): number {
  const { program } = compileFlow(FLOWS[0]!);
  const vm = { program: loadProgram(program!), functions: program!.functions };
  const [heat, rates] = [new Heat(), new Rates(systemClock)];
  const flow = { target: "steps", flow: { version: 1 } } as Parameters<Rates["countLines"]>[0];
  const places = program!.functions[0]!.positions.length;
  const { user, system } = process.cpuUsage();
  for (let step = 0; step < steps; step++) {
    heat.went(0, step % places, step % 100);
    heat.came(0, step % places);
    rates.countLines(flow, heat.take(vm as unknown as Parameters<Heat["take"]>[0]));
  }
  const used = process.cpuUsage({ user, system });
  return (used.user + used.system) / steps;
}

// Text that does not compress.
function randomText(bytes: number): string {
  let text = "";
  while (text.length < bytes) text += Math.random().toString(36).slice(2);
  return text.slice(0, bytes);
}
