// People change workflows (edit, rewind, fork, migrate, repair in bulk), while workers, sessions and the server are killed at random.
// Then nothing is lost, done twice or stuck, and every state can be rebuilt. `deno task chaos` does it on a server of its own, which it
// kills too, in rounds of ever more workflows while there is time.
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import postgres from "postgres";
import { type Execution, type OperationRequest, Rhythm } from "../../mod.ts";
import type { Cluster } from "../support/cluster.ts";
import { freshDatabase, onEmbedded, privateCluster } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { testSeed } from "../support/seed.ts";
import { Herd } from "./support/herd.ts";

const first = `let rate = Inputs.rate
let step = "done"
const child = Workflow.run("chaos_child", { n: Inputs.n })
const one = await Task.run("add", { a: Inputs.n, b: 1 })
await Signal.next("go")
if (rate === 0) throw new Error("there is no rate")
const two = await Task.run("add", { a: one, b: rate })
await Task.run("book", { workflow: Inputs.n, step })
return two + await child`;
const second = first.replace("b: rate", "b: rate + 100");

/** What is done to one of each five workflows, and what it adds to the output. */
const GROUPS = [
  { act: "edit", given: 0, rate: 5 },
  { act: "rewind", given: 0, rate: 6 },
  // The other one stays as it is, fails, and is repaired.
  { act: "fork", given: 0, rate: 9 },
  { act: "migrate", given: 1, rate: 101 },
  { act: "repair", given: 0, rate: 9 },
] as const;
const FORKED = 8;

/** A round does so many workflows. The next one does twice as many, if the time suffices. */
const SMALLEST = 15;
const LARGEST = 480;
/** No round begins later than so. A test has five minutes. */
const SECONDS = Math.min(Number(Deno.env.get("RHYTHM_CHAOS_SECONDS") ?? 170), 170);

Deno.test({
  name: "history: workflows that are changed in every way end right, while workers and sessions are killed",
  ignore: onEmbedded,
  fn: async () => {
    const roll = dice(testSeed);
    if (!isLong) {
      await using test = await freshDatabase();
      return await scene(test.url, { size: 10, roll });
    }
    const cluster = await privateCluster();
    try {
      const begun = performance.now();
      const isTime = (tookMs: number): boolean => performance.now() - begun + 2 * tookMs < SECONDS * 1_000;
      for (let size = SMALLEST, tookMs = 0; size <= LARGEST && isTime(tookMs); size *= 2) {
        const url = await newDatabase(cluster, `round_${size}`);
        const start = performance.now();
        await scene(url, { size, roll, cluster });
        tookMs = performance.now() - start;
      }
    } finally {
      await cluster.stop();
    }
  },
});

interface Scene {
  /** How many workflows there are: five groups of as many. */
  readonly size: number;
  readonly roll: () => number;
  /** The server, if it may be killed. */
  readonly cluster?: Cluster;
}

async function scene(url: string, { size, roll, cluster }: Scene): Promise<void> {
  const begun = performance.now();
  const done = { kills: 0, sessions: 0, restarts: 0 };
  await ask((sql) => sql`create table booked (execution uuid, workflow integer, step text)`, url);
  await using rhythm = await Rhythm.init({
    databaseUrl: url,
    flows: [
      new URL("./support/flows/chaos_child.flow", import.meta.url),
      { name: "chaos_order", source: first },
    ],
    log: { level: "silent" },
  });
  const { executions, flows, operations, signals } = rhythm;
  await using herd = new Herd({ databaseUrl: url });
  for (let n = 0; n < (cluster === undefined ? 2 : 3); n++) herd.start();

  /** Ends sessions of the database, but not this one. */
  const cut = async (sql: postgres.ISql, most?: number): Promise<void> => {
    await sql`select pg_stat_clear_snapshot()`;
    const cut = await sql`
      select pg_terminate_backend(a.pid) from (
        select x.pid from pg_stat_activity as x
        where x.datname = current_database() and x.pid <> pg_backend_pid() and x.backend_type = 'client backend'
        order by random() limit ${most ?? null}::integer
      ) as a`;
    done.sessions += cut.length;
  };
  const kill = async (): Promise<void> => {
    await herd.replace(herd.alive[Math.floor(roll() * herd.alive.length)]!);
    done.kills++;
  };
  const restart = async (): Promise<void> => {
    await cluster!.restart("immediate");
    done.restarts++;
  };
  const strikes = cluster === undefined
    ? [() => ask((sql) => cut(sql, 1), url)]
    : [() => ask((sql) => cut(sql, 1), url), kill, () => ask((sql) => cut(sql), url), kill, restart];
  let isOver = false;
  // Each strike waits until something was done since the last one, so that a slow machine is not struck more than a fast one.
  const destroy = async (): Promise<void> => {
    for (let nth = 0; !isOver; nth++) {
      await strikes[nth % strikes.length]!();
      const { work } = await ask(standing, url);
      await eventually(async () => {
        const now = await ask(standing, url);
        return isOver || now.work >= work + size / 3 || now.ready === 0;
      }, { url, what: "work after a strike" });
      await pause(500 * roll());
    }
  };

  const runs = await insist(() =>
    executions.createMany(
      Array.from({ length: size }, (_, n) => ({
        type: "workflow" as const,
        target: "chaos_order",
        inputs: { n, rate: GROUPS[n % GROUPS.length]!.given },
        metadata: { group: n % GROUPS.length },
        idempotencyKey: `chaos ${n}`,
      })),
    )
  );
  const { version } = await insist(() => flows.register({ name: "chaos_order", source: second }));
  const destroying = destroy();
  // What it throws is thrown where it is awaited.
  destroying.catch(() => {});

  const stepOf = async (id: string): Promise<number> => {
    const steps = (await executions.history(id)).filter(({ act }) => act === "step");
    return steps[Math.floor(roll() * steps.length)]!.step;
  };
  // An answer that is lost does not say whether it was done. Each of these may be done twice, but for the fork: that makes two of them.
  const acts: Record<string, (id: string) => Promise<unknown>> = {
    edit: (id) => executions.edit(id, { set: { rate: 5 } }),
    rewind: async (id) => await executions.rewind(id, { step: await stepOf(id), set: { rate: 6 } }),
    fork: async (id) =>
      await executions.fork(id, { step: await stepOf(id), set: { rate: FORKED, step: "forked" } }),
  };
  await inParallel(runs, async ({ id }, n) => {
    const { act } = GROUPS[n % GROUPS.length]!;
    const change = acts[act];
    if (change === undefined) return;
    // What a worker runs at this moment is refused.
    await eventually(() => inTime(change(id)).then(() => true, orLate), { url, what: `${act} of ${id}` });
  });
  const operate = async (request: OperationRequest): Promise<string> => {
    const { id } = await insist(() => operations.start(request));
    await eventually(async () => (await insist(() => operations.get(id))).state === "completed", {
      url,
      what: `the operation ${request.action}`,
    });
    return id;
  };
  const filter = { target: "chaos_order", metadata: { group: 3 } };
  await eventually(async () => {
    const id = await operate({ action: "migrate", filter, to: version, accept: "likely" });
    return (await insist(() => operations.get(id))).refused === 0;
  }, { url, what: "a migration that nothing refuses" });

  const forks = await ask(
    (sql) => sql<{ id: string }[]>`select b.execution_id as id from rhythm.base as b where b.act = 'forked'`,
    url,
  );
  ok(forks.length >= size / GROUPS.length);
  const all = [...runs, ...forks].map(({ id }) => id);
  await inParallel(all, async (execution) => {
    await insist(() => signals.send({ execution, name: "go" }, { idempotencyKey: `${execution} go` }));
  });
  const failing = size * 2 / GROUPS.length;
  const failed = { target: "chaos_order", status: "failed" } as const;
  await eventually(async () => (await ask(failures, url)) === failing, { url, what: "the failures" });
  isOver = true;
  await destroying;

  const repair = await strikeOperation();
  await eventually(async () => (await insist(() => operations.get(repair))).state === "completed", {
    url,
    what: "the repair",
  });
  await eventually(async () => (await ask(standing, url)).open === 0, {
    url,
    what: "the end of all workflows",
  });
  const ends = await Promise.all(all.map((id) => insist(() => executions.wait(id, { timeout: "1m" }))));
  const sql = open(url);
  try {
    await checkAll(rhythm, sql, ends);
  } finally {
    await sql.end();
  }
  console.log(
    `chaos: ${done.kills} kills, ${done.restarts} restarts, ${done.sessions} connections cut, ` +
      `${ends.length} workflows in ${Math.round((performance.now() - begun) / 1_000)} s`,
  );

  /** Repairs what has failed. One of them is locked, so the operation is in its middle until the lock is released. */
  async function strikeOperation(): Promise<string> {
    const holder = open(url);
    try {
      await holder.unsafe("begin");
      await holder`select from rhythm.execution where id = ${runs[4]!.id} for update`;
      const { id } = await insist(() =>
        operations.start({ action: "repair", filter: failed, set: { rate: 9 } })
      );
      for (let nth = 0; nth < (cluster === undefined ? 2 : 6); nth++) {
        await Promise.all([cluster !== undefined || nth === 0 ? kill() : undefined, cut(holder)]);
        await pause(200);
        const { state, done, refused } = await insist(() => operations.get(id));
        equal([state, refused], ["running", 0]);
        ok(done < failing);
      }
      // The lock is released with the server, or at once.
      if (cluster !== undefined) await restart();
      else await holder.unsafe("rollback");
      return id;
    } finally {
      await holder.end({ timeout: 1 });
    }
  }
}

async function newDatabase(cluster: Cluster, name: string): Promise<string> {
  await ask((sql) => sql.unsafe(`create database ${name}`), cluster.url);
  const url = new URL(cluster.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** How much was done so far; how many executions could go on at once; how many have not ended. */
async function standing(sql: postgres.Sql): Promise<{ work: number; ready: number; open: number }> {
  const [row] = await sql<{ work: number; ready: number; open: number }[]>`
    select count(*) filter (where e.completed_at is null)::integer as open,
      count(*) filter (where e.status in ('pending', 'running'))::integer as ready,
      (count(*) filter (where e.completed_at is not null) + (select count(*) from rhythm.journal)
        + (select count(*) from rhythm.base))::integer as work
    from rhythm.executions as e`;
  return row!;
}

async function failures(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::integer as n from rhythm.executions where target = 'chaos_order' and status = 'failed'`;
  return row!.n;
}

/** Every workflow has its output and one booking, nothing is left, and every state can be rebuilt. */
async function checkAll(rhythm: Rhythm, sql: postgres.Sql, ends: readonly Execution[]): Promise<void> {
  const forked = new Set(
    (await sql`select b.execution_id as id from rhythm.base as b where b.act = 'forked'`).map(({ id }) => id),
  );
  const told = ends.map(({ id, inputs, status, output, error }) => ({ id, inputs, status, output, error }));
  equal(
    told,
    ends.map(({ id, inputs }) => {
      const { n } = inputs as { n: number };
      const rate = forked.has(id) ? FORKED : GROUPS[n % GROUPS.length]!.rate;
      return { id, inputs, status: "completed", output: n + 1 + rate + n + n, error: null };
    }),
  );
  const booked = await sql<{ id: string; step: string }[]>`
    select t.parent_id as id, b.step from booked as b join rhythm.execution as t on t.id = b.execution`;
  equal(
    booked.map(({ id, step }) => `${id} ${step}`).sort(),
    ends.map(({ id }) => `${id} ${forked.has(id) ? "forked" : "done"}`).sort(),
  );
  equal([...await sql`select id, status from rhythm.executions where completed_at is null`], []);
  // Two transactional tasks of a batch that ended at once leave it empty until a heartbeat deletes it, or until their worker counts as
  // dead, if it was killed.
  for (let tries = 0; tries < 30 && (await sql`select from rhythm.check()`).length > 0; tries++) {
    await pause(500);
  }
  equal([...await sql`select * from rhythm.check()`], []);
  const flows = await sql<
    { id: string }[]
  >`select e.id from rhythm.executions as e where e.type = 'workflow'`;
  for (const { id } of flows) equal(await rhythm.executions.checkHistory(id), [], id);
}

/** A connection. Nobody could catch it if the statement failed with which the driver reads the types. */
function open(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => {}, fetch_types: false });
}

/** Asks the server on a connection of its own: postgres.js may never answer what was asked on one that was cut. Insists on an answer. */
async function ask<T>(work: (sql: postgres.Sql) => Promise<T>, url: string): Promise<T> {
  return await insist(async () => {
    const own = open(url);
    try {
      return await inTime(work(own), 20_000).catch((error) => {
        throw error instanceof LateError ? new Error(error.message) : error;
      });
    } finally {
      await own.end({ timeout: 1 });
    }
  });
}

/** Does something until it does not fail for want of a database. What Rhythm never answers is a fault. */
async function insist<T>(action: () => Promise<T>): Promise<T> {
  const last = performance.now() + 60_000;
  for (;;) {
    try {
      return await inTime(action(), 75_000);
    } catch (error) {
      if (error instanceof LateError || performance.now() > last) throw error;
      await pause(100);
    }
  }
}

class LateError extends Error {}

/** What came, if it came in time. */
async function inTime<T>(answer: Promise<T>, mostMs = 75_000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new LateError(`no answer in ${mostMs / 1_000} s`)), mostMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function orLate(error: unknown): false {
  if (error instanceof LateError) throw error;
  return false;
}

/** Asks again and again until the answer is yes. Gives up when nothing in the database has changed for a minute, so not for being slow. */
async function eventually(
  holds: () => Promise<boolean>,
  { url, what }: { url: string; what: string },
): Promise<void> {
  let seen = "";
  let last = 0;
  while (!await holds()) {
    const now = JSON.stringify(await ask(standing, url));
    if (now !== seen) last = performance.now() + 60_000;
    else if (performance.now() > last) throw new Error(`Waited in vain for ${what}: ${now}`);
    seen = now;
    await pause(100);
  }
}

/** Ten at a time. */
async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item, nth: number) => Promise<void>,
): Promise<void> {
  const left = [...items.entries()];
  const take = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: 10 }, take));
}

function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
