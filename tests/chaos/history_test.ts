// People change workflows (edit, rewind, fork, migrate, repair in bulk), while workers and sessions are killed at random. Then nothing is
// lost, done twice or stuck, and every state can be rebuilt. `deno task chaos` does it with more of them, and kills more workers.
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import postgres from "postgres";
import { type Execution, type OperationRequest, Rhythm } from "../../mod.ts";
import type { Cluster } from "../support/cluster.ts";
import { freshDatabase, onEmbedded, privateCluster } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { testSeed } from "../support/seed.ts";
import { until } from "../support/until.ts";
import { Herd } from "./support/herd.ts";
import { insist } from "./support/load.ts";

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

Deno.test({
  name: "history: workflows that are changed in every way end right, while workers and sessions are killed",
  ignore: onEmbedded,
  fn: async () => {
    if (!isLong) {
      await using test = await freshDatabase();
      return await scene(test.url, { size: 10 });
    }
    const cluster = await privateCluster();
    try {
      await scene(cluster.url, { size: Number(Deno.env.get("RHYTHM_CHAOS_SIZE") ?? 100), cluster });
    } finally {
      await cluster.stop();
    }
  },
});

async function scene(url: string, { size, cluster }: { size: number; cluster?: Cluster }): Promise<void> {
  const roll = dice(testSeed);
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  const done = { kills: 0, sessions: 0 };
  try {
    await sql`create table booked (execution uuid, workflow integer, step text)`;
    await using rhythm = await Rhythm.init({
      databaseUrl: url,
      flows: [
        new URL("./support/flows/chaos_child.flow", import.meta.url),
        { name: "chaos_order", source: first },
      ],
      log: { level: "silent" },
    });
    const { executions, flows, signals } = rhythm;
    await using herd = new Herd({ databaseUrl: url });
    for (let n = 0; n < (cluster === undefined ? 2 : 3); n++) herd.start();

    /** Ends sessions of the database, but not this one. */
    const cut = async (on: postgres.ISql, most?: number): Promise<void> => {
      await on`select pg_stat_clear_snapshot()`;
      const cut = await on`
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
    let isOver = false;
    const destroy = async (): Promise<void> => {
      for (let nth = 0; !isOver; nth++) {
        await pause(300 + 700 * roll());
        if (nth % 4 === 1 && cluster !== undefined) await kill();
        else await insist(() => alone(url, (own) => cut(own, 1)));
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
      const act = acts[GROUPS[n % GROUPS.length]!.act];
      if (act === undefined) return;
      // What a worker runs at this moment is refused.
      await until(() => act(id).then(() => true, () => false), `${act}`);
    });
    const operate = async (request: OperationRequest): Promise<string> => {
      const { id } = await insist(() => rhythm.operations.start(request));
      await until(async () => (await insist(() => rhythm.operations.get(id))).state === "completed");
      return id;
    };
    const filter = { target: "chaos_order", metadata: { group: 3 } };
    await until(async () =>
      (await rhythm.operations.get(
        await operate({ action: "migrate", filter, to: version, accept: "likely" }),
      )).refused === 0
    );

    const forks = (await insist(() =>
      alone(url, async (own) =>
        await own`select b.execution_id as id from rhythm.base as b where b.act = 'forked'`)
    ))
      .map(({ id }) =>
        id as string
      );
    ok(forks.length >= size / GROUPS.length);
    const all = [
      ...runs.map(({ id }) =>
        id
      ),
      ...forks,
    ];
    await inParallel(all, async (execution) => {
      await insist(() => signals.send({ execution, name: "go" }, { idempotencyKey: `${execution} go` }));
    });
    const failing = size * 2 / GROUPS.length;
    const failed = { target: "chaos_order", status: "failed" } as const;
    await until(async () => (await insist(() => alone(url, (own) => count(own, failed.status)))) === failing);
    isOver = true;
    await destroying;

    // One of them is locked, so the operation is in its middle until the lock is released.
    const repair = await sql.begin(async (tx) => {
      await tx`select from rhythm.execution where id = ${runs[4]!.id} for update`;
      const { id } = await insist(() =>
        rhythm.operations.start({ action: "repair", filter: failed, set: { rate: 9 } })
      );
      for (let strikes = 0; strikes < (cluster === undefined ? 2 : 10); strikes++) {
        await Promise.all([cluster !== undefined || strikes === 0 ? kill() : undefined, cut(tx)]);
        await pause(200);
        const { state, done, refused } = await insist(() => rhythm.operations.get(id));
        equal([state, refused], ["running", 0]);
        ok(done < failing);
      }
      return id;
    });
    await until(async () => (await insist(() => rhythm.operations.get(repair))).state === "completed");
    const ends = await Promise.all(all.map((id) => insist(() => executions.wait(id, { timeout: "10m" }))));
    await checkAll(rhythm, sql, ends);
    console.log(
      `chaos: ${done.kills} kills, ${done.sessions} connections cut, ${ends.length} workflows`,
    );
  } finally {
    await sql.end();
  }
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
  // Two transactional tasks of a batch that ended at once leave it empty, until a heartbeat deletes it.
  await until(async () => (await sql`select from rhythm.check()`).length === 0).catch(() => {});
  equal([...await sql`select * from rhythm.check()`], []);
  const flows = await sql<
    { id: string }[]
  >`select e.id from rhythm.executions as e where e.type = 'workflow'`;
  for (const { id } of flows) equal(await rhythm.executions.checkHistory(id), [], id);
}

/** On a connection of its own: postgres.js may never answer what was asked on one that was cut. */
async function alone<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const own = postgres(url, { max: 1, onnotice: () => {} });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("no answer")), 20_000);
  try {
    return await Promise.race([work(own), late.promise]);
  } finally {
    clearTimeout(timer);
    await own.end({ timeout: 1 });
  }
}

async function count(sql: postgres.Sql, status: string): Promise<number> {
  const [row] = await sql`
    select count(*)::integer as n from rhythm.executions where target = 'chaos_order' and status = ${status}`;
  return row!.n;
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
