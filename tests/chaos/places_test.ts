// What stands between workers and their data, and fails: the server and its standby, a pooler, the disk. Only in long runs:
// `deno task chaos`, RHYTHM_CHAOS_SECONDS=600 for longer ones.
import { deepStrictEqual as equal, ok, strictEqual as same } from "node:assert/strict";
import postgres from "postgres";
import { Rhythm } from "../../mod.ts";
import type { Cluster } from "../support/cluster.ts";
import { onEmbedded, privateCluster } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { hasPooler, Pooler } from "../support/pooler.ts";
import { until } from "../support/until.ts";
import { Herd } from "./support/herd.ts";
import { checkEnds, insist, mixedLoad } from "./support/load.ts";
import { startProxy } from "./support/proxy.ts";

const seconds = Number(Deno.env.get("RHYTHM_CHAOS_SECONDS") ?? 25);
const flows = [new URL("./support/flows", import.meta.url)];
const SIZE = 200;

for (const kind of ["synchronous", "asynchronous"] as const) {
  Deno.test({
    name: `failover to ${kind === "synchronous" ? "a" : "an"} ${kind} standby in the middle of 200 workflows`,
    ignore: onEmbedded || !isLong,
    fn: async () => {
      const primary = await privateCluster();
      const standby = await primary.standby();
      try {
        if (kind === "synchronous") await follow(primary);
        await using proxy = startProxy(primary.port);
        const work = await begin(primary.url, `postgres://postgres@127.0.0.1:${proxy.port}/postgres`);
        await using _work = work;
        await Promise.all([
          work.produce(),
          pause(seconds * 500).then(async () => {
            await primary.halt("immediate");
            await standby.promote();
            proxy.turnTo(standby.port);
            proxy.cut();
          }),
        ]);
        const sql = postgres(standby.url, { max: 2, onnotice: () => {} });
        try {
          if (kind === "synchronous") {
            await work.end();
            return await checkEnds(work.rhythm, sql, work);
          }
          // What was committed last may be gone, and is gone whole: nothing is half done, and what is there ends.
          await until(
            async () =>
              (await sql`select from rhythm.executions where status not in ('completed', 'failed', 'cancelled')`)
                .length === 0,
          );
          equal([...await sql`select workflow, step from booked group by 1, 2 having count(*) > 1`], []);
          equal([...await sql`select id from rhythm.executions where status <> 'completed'`], []);
          equal([...await sql`select * from rhythm.check()`], []);
          const [left] =
            await sql`select count(*)::integer as n from rhythm.executions where parent_id is null`;
          console.log(`chaos: ${left!.n} of ${SIZE} workflows were there after the failover`);
        } finally {
          await sql.end();
        }
      } finally {
        await standby.stop();
        await primary.stop();
      }
    },
  });
}

for (const mode of ["session", "transaction"] as const) {
  Deno.test({
    name:
      `a pooler in ${mode} mode between workers and server that is killed again and again, in the middle of 200 workflows`,
    ignore: onEmbedded || !isLong || !await hasPooler(),
    fn: async () => {
      const cluster = await privateCluster();
      const sql = postgres(cluster.url, { max: 2, onnotice: () => {} });
      try {
        await using pooler = await Pooler.start(cluster.port, mode);
        const work = await begin(cluster.url, pooler.url);
        await using _work = work;
        let kills = 0;
        const end = performance.now() + seconds * 1_000;
        await Promise.all([
          work.produce(),
          (async () => {
            while (performance.now() < end || kills === 0) {
              await pause(3_000);
              await pooler.replace();
              kills++;
            }
          })(),
        ]);
        await work.end();
        await checkEnds(work.rhythm, sql, work);
        console.log(`chaos: the pooler was killed ${kills} times`);
      } finally {
        await sql.end();
        await cluster.stop();
      }
    },
  });
}

Deno.test({
  name: "the disk of the server is full for a while, in the middle of 200 workflows",
  ignore: onEmbedded || !isLong || !await mayMount(),
  fn: async () => {
    const disk = await Deno.makeTempDir({ prefix: "rhythm-disk-" });
    await command("mount", ["-t", "tmpfs", "-o", "size=400m,mode=0777", "tmpfs", disk]);
    try {
      const cluster = await privateCluster(["max_wal_size = '64MB'", "min_wal_size = '32MB'"], {}, disk);
      const sql = postgres(cluster.url, { max: 2, onnotice: () => {} });
      try {
        const work = await begin(cluster.url, cluster.url);
        await using _work = work;
        await Promise.all([
          work.produce(),
          pause(seconds * 300).then(async () => {
            await fill(`${disk}/full`);
            await pause(seconds * 200);
            await Deno.remove(`${disk}/full`);
            // A server that cannot write its log ends; somebody starts it again.
            await cluster.halt("immediate").catch(() => {});
            await cluster.resume();
          }),
        ]);
        await work.end();
        await checkEnds(work.rhythm, sql, work);
      } finally {
        await sql.end();
        await cluster.stop();
      }
    } finally {
      await command("umount", [disk]);
      await Deno.remove(disk);
    }
  },
});

/** Work that goes on while something happens. */
interface Work extends AsyncDisposable {
  readonly rhythm: Rhythm;
  readonly load: ReturnType<typeof mixedLoad>;
  readonly ids: string[];
  /** Starts workflows, for about the time of a run. */
  produce(): Promise<void>;
  /** Waits until all have ended. */
  end(): Promise<void>;
}

/** Workers, and an application, that use an address. */
async function begin(setUpUrl: string, databaseUrl: string): Promise<Work> {
  const sql = postgres(setUpUrl, { max: 1, onnotice: () => {} });
  await sql`create table booked (execution uuid, workflow integer, step text)`;
  await sql.end();
  const rhythm = await Rhythm.init({ databaseUrl, flows, log: { level: "silent" } });
  const herd = new Herd({ databaseUrl });
  for (let n = 0; n < 3; n++) herd.start();
  const load = mixedLoad(SIZE);
  const ids: string[] = [];
  return {
    rhythm,
    load,
    ids,
    produce: async () => {
      for (const [n, { request, signals }] of load.entries()) {
        const run = await insist(() => rhythm.executions.create(request));
        ids.push(run.id);
        for (const [nth, payload] of signals.entries()) {
          const signal = { execution: run, name: "go", payload };
          // After a failover to an asynchronous standby it may be gone.
          await insist(() => rhythm.signals.send(signal, { idempotencyKey: `${n}/${nth}` })).catch(
            (error) => {
              if (error.code !== "RH002") throw error;
            },
          );
        }
        await pause((seconds * 800) / load.length);
      }
    },
    end: async () => {
      const ends = await Promise.all(
        ids.map((id) => insist(() => rhythm.executions.wait(id, { timeout: "10m" }))),
      );
      same(ends.length, SIZE);
    },
    [Symbol.asyncDispose]: async () => {
      await herd[Symbol.asyncDispose]();
      await rhythm.close();
    },
  };
}

/** Commits wait for the standby from now on. */
async function follow(primary: Cluster): Promise<void> {
  const sql = postgres(primary.url, { max: 1, onnotice: () => {} });
  await sql`alter system set synchronous_standby_names = '*'`;
  await sql`select pg_reload_conf()`;
  await until(async () => (await sql`select from pg_stat_replication where sync_state = 'sync'`).length > 0);
  await sql.end();
}

async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const block = new Uint8Array(1 << 16);
  try {
    for (;;) await file.write(block);
  } catch (error) {
    ok(/space/i.test((error as Error).message), String(error));
  }
}

async function mayMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0 || !isLong) return false;
  const disk = await Deno.makeTempDir();
  const { success } = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "tmpfs", disk],
    stderr: "null",
  }).output();
  if (success) await command("umount", [disk]);
  await Deno.remove(disk);
  return success;
}

async function command(name: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args, stderr: "piped" }).output();
  if (!success) throw new Error(`${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
