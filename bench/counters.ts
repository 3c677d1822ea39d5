import type postgres from "postgres";

/** What a server counted; NaN is what it does not count. */
export interface Counters {
  /** Bytes of WAL since the cluster was made. */
  readonly walBytes: number;
  /** Commits in the peer's database. */
  readonly commits: number;
  /** User and system time of all processes of the server, in seconds; NaN where there is no /proc. */
  readonly cpuSeconds: number;
}

/** Reads the server's counters for one database. */
export async function readCounters(sql: postgres.Sql, database: string): Promise<Counters> {
  const [row] = await sql<{ wal: string; commits: string }[]>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal,
      (select d.xact_commit::text from pg_stat_database as d where d.datname = ${database}) as commits`;
  return {
    walBytes: Number(row!.wal),
    commits: Number(row!.commits),
    cpuSeconds: await serverCpuSeconds(sql),
  };
}

/** What was counted between two readings. */
export function between(before: Counters, after: Counters): Counters {
  return {
    walBytes: after.walBytes - before.walBytes,
    commits: after.commits - before.commits,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
}

/** Reads what a process used that is not Postgres. */
export async function readProcess(pid: number): Promise<Counters> {
  const ticks = (await readStat(pid))?.ticks ?? NaN;
  return { walBytes: NaN, commits: NaN, cpuSeconds: ticks / 100 };
}

/**
 * Processor time of one backend, in seconds; NaN where there is no /proc. The scheduler counts nanoseconds, where the
 * kernel keeps that count; the clock of `stat` goes by hundredths of a second.
 */
export async function readBackendSeconds(pid: number): Promise<number> {
  const exact = Number((await Deno.readTextFile(`/proc/${pid}/schedstat`).catch(() => "")).split(" ")[0]);
  if (exact > 0) return exact / 1e9;
  return ((await readStat(pid))?.ticks ?? NaN) / 100;
}

let postmaster: number | undefined;

async function serverCpuSeconds(sql: postgres.Sql): Promise<number> {
  if (Deno.build.os !== "linux") return NaN;
  if (postmaster === undefined) {
    const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    postmaster = (await readStat(row!.pid))?.parent;
  }
  let ticks = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readStat(Number(name));
    if (stat === undefined) continue;
    if (stat.parent === postmaster || stat.pid === postmaster) ticks += stat.ticks;
    // Backends that are gone already count as their parent's children.
    if (stat.pid === postmaster) ticks += stat.childTicks;
  }
  return ticks / 100;
}

async function readStat(
  pid: number,
): Promise<{ pid: number; parent: number; ticks: number; childTicks: number } | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return {
      pid,
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
      childTicks: Number(fields[13]) + Number(fields[14]),
    };
  } catch {
    return undefined;
  }
}
