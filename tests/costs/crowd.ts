import { type Engine, type Lease, openEngine } from "../../bench/session/engine.ts";
import { Session } from "../../bench/session/session.ts";

/** What the calls act on, by name. */
export type Ids = Record<string, string>;

/** Executions in every state there is, two dozen of them, made by the engine itself; gives the ids of what calls act on. */
export async function makeCrowd(url: string): Promise<Ids> {
  const session = await Session.open(url);
  try {
    const { sql } = session;
    await sql`select rhythm.register_flow('f', 'return 1', '{}'), rhythm.register_workflow('code')`;
    await sql`select rhythm.configure_queue('limited', concurrency => 1000, per_key_concurrency => 10)`;
    await sql`select rhythm.schedule('daily', '@daily', 'a', type => 'task')`;
    const engine = await openEngine(session, "default");
    return {
      worker: engine.worker,
      ...await tasks(engine),
      ...await workflows(engine),
      ...await waiting(engine),
    };
  } finally {
    await session.close();
  }
}

async function tasks(engine: Engine): Promise<Ids> {
  await engine.create({ count: 8, queue: "default" });
  const leases = await engine.next([], 8);
  const [failed, cancelled, ...completed] = leases as [Lease, Lease, ...Lease[]];
  await engine.settle(failed, {
    status: "failed",
    retryable: false,
    error: { type: "Error", message: "no" },
  });
  await engine.session.sql`select rhythm.cancel(${cancelled.id}::uuid)`;
  await engine.settle(cancelled, { status: "cancelled" });
  await engine.next(completed, 0);
  return { failed: failed.id, cancelled: cancelled.id, done: completed[0]!.id };
}

async function workflows(engine: Engine): Promise<Ids> {
  const { sql } = engine.session;
  const made: Lease[] = [];
  for (const name of ["f", "f", "f", "f", "f", "code", "f"]) {
    await sql`select rhythm.start(${name})`;
    made.push(...await engine.next([], 1));
  }
  const [signals, sleeps, forks, follows, over, code, fails] = made as [
    Lease,
    Lease,
    Lease,
    Lease,
    Lease,
    Lease,
    Lease,
  ];
  const ids = Array.from({ length: 8 }, () => crypto.randomUUID());
  const rows = await sql<{ id: string }[]>`
    select rhythm.uuid7(rhythm.now(), n) as id from generate_series(0, ${ids.length - 1}::int) as n`;
  const [wait, timer, one, two, owned, kept, slept] = rows.map(({ id }) => id) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const at = new Date(Date.now() + 86_400_000).toISOString();
  await suspend(engine, signals, [{ type: "await_signal", id: wait, name: "s", timeoutAt: at }], [wait]);
  await suspend(engine, sleeps, [{ type: "start_timer", id: timer, at }], [timer]);
  await suspend(engine, forks, [task(one), task(two)], [one, two]);
  // Of two children with one key the second waits for the first.
  await suspend(engine, follows, [task(owned, "k"), task(kept, "k")], [owned, kept]);
  await sql`select rhythm.save_steps(${engine.worker}::uuid, ${
    JSON.stringify([{
      execution_id: code.id,
      name: "first",
      seq: 0,
      kind: "step",
      attempts: 1,
      status: "completed",
      output: 1,
    }])
  }::jsonb)`;
  await suspend(engine, code, [{ type: "start_timer", id: slept, at }], [slept]);
  await engine.settle(over, { status: "completed", output: 1 });
  await engine.settle(fails, { status: "failed", retryable: false, error: { type: "Error", message: "no" } });
  await sql`select rhythm.signal(${sleeps.id}::uuid, 'later', '1')`;
  const children = await engine.next([], 2);
  await engine.settle(children.find(({ id }) => id === one)!, { status: "completed", output: 1 });
  await engine.settle(children.find(({ id }) => id === two)!, { status: "released", reason: "not now" });
  return { signals: signals.id, sleeps: sleeps.id, forks: forks.id, code: code.id, fails: fails.id, timer };
}

async function suspend(
  engine: Engine,
  lease: Lease,
  effects: unknown[],
  ids: readonly string[],
): Promise<void> {
  await engine.settle(lease, {
    status: "suspended",
    snapshot: { at: 1 },
    effects,
    waits: [{ mode: "all", ids }],
    keep: ids,
  });
}

function task(id: string, key?: string): unknown {
  return {
    type: "run_task",
    id,
    target: "a",
    inputs: {},
    options: key === undefined ? {} : { idempotency_key: key },
  };
}

async function waiting(engine: Engine): Promise<Ids> {
  const { sql } = engine.session;
  await engine.create({ count: 3, queue: "default" });
  await engine.create({ count: 3, queue: "alike" });
  await engine.create({ count: 2, queue: "limited", key: "'key ' || n" });
  const [made] = await sql<{ ready: string; delayed: string; fresh: string }[]>`
    select rhythm.queue('a', idempotency_key => 'once') as ready, rhythm.queue('a', delay => '24h') as delayed,
      rhythm.start('f') as fresh`;
  return { ...made! };
}

/** A worker with its hands full, in a queue of its own: leases are as many as workers can run, however much there is. */
export async function makeBusyWorker(url: string): Promise<Ids> {
  const session = await Session.open(url);
  try {
    const engine = await openEngine(session, "busy");
    await engine.create({ count: 100, queue: "busy" });
    const leases = await engine.next([], 100);
    const [row] = await session.sql`select rhythm.start('f', queue => 'busy') as id`;
    await engine.next([], 1);
    return { busy: engine.worker, running: leases[0]!.id, flow: row!.id };
  } finally {
    await session.close();
  }
}
