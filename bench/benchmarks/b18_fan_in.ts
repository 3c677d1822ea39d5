import { type Benchmark, less, type Sample } from "../bench.ts";
import { type Engine, type Lease, openEngine } from "../session/engine.ts";
import { Session, type Used } from "../session/session.ts";

/** What an end costs that a workflow waits for together with many others. */
export const b18: Benchmark = {
  name: "B18",
  title: "one workflow waits for 20,000 children that end one by one: the first and the last of them",
  needs: [],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const children = tiny ? 200 : 20_000;
    // Of a tenth as many as tell something: a call each. Those between end a thousand a call.
    const [warm, alone] = tiny ? [2, 10] : [20, 400];
    const session = await Session.open(stage.url);
    try {
      const engine = await openEngine(session, "fan_in");
      const leases = await begin(engine, children);
      await oneByOne(engine, leases.slice(0, warm));
      const first = await oneByOne(engine, leases.slice(warm, warm + alone));
      onProgress(`B18 ${stage.file}: ${alone} children ended, ${first.walBytes.toFixed(0)} B each`);
      for (let at = warm + alone; at < children - alone; at += 1_000) {
        await engine.settleAll(leases.slice(at, Math.min(at + 1_000, children - alone)), DONE);
      }
      const last = await oneByOne(engine, leases.slice(children - alone));
      const resumed = await engine.next([], 1);
      if (resumed.length !== 1) throw new Error("The workflow did not go on after its last child");
      await engine.settle(resumed[0]!, DONE);
      return [
        less("WAL an end, last", "B", last.walBytes),
        less("server CPU an end, last", "µs", last.cpuSeconds * 1e6),
        less("WAL an end, first", "B", first.walBytes),
        less("server CPU an end, first", "µs", first.cpuSeconds * 1e6),
        less("WAL, last to first", "", last.walBytes / first.walBytes),
        less("server CPU, last to first", "", last.cpuSeconds / first.cpuSeconds),
      ];
    } finally {
      await session.close();
    }
  },
};

const DONE = { status: "completed", output: null };

async function begin(engine: Engine, children: number): Promise<Lease[]> {
  const { sql } = engine.session;
  await sql`select rhythm.register_flow('bench_fan_in', 'return 1', '{}')`;
  await sql`select rhythm.start('bench_fan_in', queue => 'fan_in')`;
  const [parent] = await engine.next([], 1);
  const ids = Array.from({ length: children }, (_, nth) => uuid7(nth));
  await engine.settle(parent!, {
    status: "suspended",
    snapshot: { at: 1 },
    effects: ids.map((id) => ({
      type: "run_task",
      id,
      target: "noop",
      inputs: {},
      options: { queue: "fan_in" },
    })),
    waits: [{ mode: "all", ids }],
    keep: ids,
  });
  const leases: Lease[] = [];
  while (leases.length < children) {
    const some = await engine.next([], 1_000);
    if (some.length === 0) throw new Error(`Only ${leases.length} of ${children} children are there`);
    leases.push(...some);
  }
  return leases;
}

async function oneByOne(engine: Engine, leases: readonly Lease[]): Promise<Used> {
  const used = await engine.session.used(async () => {
    for (const lease of leases) await engine.settle(lease, DONE);
  });
  return { cpuSeconds: used.cpuSeconds / leases.length, walBytes: used.walBytes / leases.length };
}

let began = 0;

// Ids of children are the worker's to make: version 7, ten bits of zeros after the variant.
function uuid7(nth: number): string {
  if (nth === 0) began = Date.now();
  const time = began.toString(16).padStart(12, "0");
  const random = crypto.getRandomValues(new Uint8Array(6)).reduce((all, byte) => all + hex(byte, 2), "");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(nth >> 4 & 0xfff, 3)}-8${hex(0, 2)}${
    hex(nth & 0xf, 1)
  }-${random}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
