import { type Benchmark, less, more, type Sample } from "../bench.ts";
import { spread } from "../numbers.ts";
import { type Engine, type Lease, openEngine } from "../session/engine.ts";
import { Session } from "../session/session.ts";

/** A queue, and what its limits are. */
interface Case {
  /** What the table calls it; a name of a queue. */
  readonly name: string;
  /** What `configure_queue` is told; nothing for a plain queue. */
  readonly limits?: string;
  /** Whether its tasks have keys. */
  readonly keyed: boolean;
  /** An argument of `configure_queue` that it needs. */
  readonly needs?: string;
}

const CASES: readonly Case[] = [
  { name: "plain", keyed: false },
  { name: "concurrency", keyed: false, limits: "concurrency => 5000" },
  { name: "rate", keyed: false, limits: "rate => 10000000, per => '1h'" },
  { name: "plain, keys", keyed: true },
  { name: "per key", keyed: true, limits: "per_key_concurrency => 5" },
  { name: "fair", keyed: true, limits: "fair => 'key'", needs: "fair" },
];

/** What limits and turns cost a claim when much is waiting, and how fast such a queue drains. */
export const b19: Benchmark = {
  name: "B19",
  title: "claims of limited and fair queues, 1,000,000 waiting in each",
  needs: [],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const session = await Session.open(stage.url);
    try {
      const samples: Sample[] = [];
      const plain = new Map<boolean, number>();
      for (const one of CASES) {
        if (!await isKnown(session, one)) continue;
        const { ms, cpuMs, micros } = await measure(session, one, tiny);
        if (one.limits === undefined) plain.set(one.keyed, micros);
        const toPlain = plain.get(one.keyed)! / micros;
        samples.push(...figures(one, { ms, cpuMs, micros, toPlain }));
        onProgress(
          `B19 ${stage.file} ${one.name}: ${ms.toFixed(2)} ms a claim, ${toPlain.toFixed(2)} × plain drain`,
        );
      }
      return samples;
    } finally {
      await session.close();
    }
  },
};

interface Measured {
  /** A claim of one, in milliseconds: the median of the calls. */
  readonly ms: number;
  /** The server's processor time of it. */
  readonly cpuMs: number;
  /** The server's processor time a task of the drain, in microseconds. */
  readonly micros: number;
}

async function measure(session: Session, { name, limits, keyed }: Case, tiny: boolean): Promise<Measured> {
  const { sql } = session;
  const queue = `b19_${name.replace(/\W+/g, "_")}`;
  if (limits !== undefined) await sql.unsafe(`select rhythm.configure_queue('${queue}', ${limits})`);
  const engine = await openEngine(session, queue);
  // A tenth of all have one key and are first; the others have ten thousand.
  const count = tiny ? 2_000 : 1_000_000;
  const key = `case when n <= ${count / 10} then 'large' else 'k' || n % ${count / 100} end`;
  await engine.create({ count, queue, ...(keyed ? { key } : {}) });
  await sql.unsafe("analyze");
  const held: Lease[] = [];
  const claims = await claimOnes(engine, held, { most: tiny ? 5 : 100, seconds: 20 });
  await engine.next(held, 0);
  const micros = await drain(engine, { most: tiny ? 500 : 20_000, seconds: 20 });
  return { ...claims, micros };
}

interface Bounds {
  readonly most: number;
  readonly seconds: number;
}

async function claimOnes(
  engine: Engine,
  held: Lease[],
  { most, seconds }: Bounds,
): Promise<Omit<Measured, "micros">> {
  // Planned, and read into memory.
  held.push(...await engine.next([], 1));
  const times: number[] = [];
  const began = performance.now();
  const { cpuSeconds } = await engine.session.used(async () => {
    while (times.length < most && performance.now() - began < seconds * 1_000) {
      const at = performance.now();
      const found = await engine.next([], 1);
      times.push(performance.now() - at);
      if (found.length !== 1) throw new Error("A claim of one found nothing");
      held.push(...found);
    }
  });
  return { ms: spread(times).median, cpuMs: cpuSeconds / times.length * 1e3 };
}

async function drain(engine: Engine, { most, seconds }: Bounds): Promise<number> {
  let held = await engine.next([], 1_000);
  let done = 0;
  const began = performance.now();
  const { cpuSeconds } = await engine.session.used(async () => {
    while (done < most && performance.now() - began < seconds * 1_000) {
      if (held.length === 0) throw new Error("A claim of a thousand found nothing");
      done += held.length;
      held = await engine.next(held, 1_000);
    }
  });
  await engine.next(held, 0);
  return cpuSeconds / done * 1e6;
}

async function isKnown({ sql }: Session, { needs }: Case): Promise<boolean> {
  if (needs === undefined) return true;
  const rows = await sql`
    select from pg_proc as p
    where p.proname = 'configure_queue' and p.pronamespace = 'rhythm'::regnamespace and ${needs} = any (p.proargnames)`;
  return rows.length > 0;
}

function figures(
  { name, limits }: Case,
  { ms, cpuMs, micros, toPlain }: Measured & { toPlain: number },
): Sample[] {
  return [
    less(`${name}: claim of one`, "ms", ms),
    less(`${name}: its server CPU`, "ms", cpuMs),
    less(`${name}: drain, server CPU a task`, "µs", micros),
    ...(limits === undefined ? [] : [more(`${name}: drain to plain`, "", toPlain)]),
  ];
}
