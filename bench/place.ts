import postgres from "postgres";
import { findBinaries, startCluster } from "../tests/support/cluster.ts";
import { type Counters, readCounters, readProcess } from "./counters.ts";
import { startRestate } from "./restate_server.ts";

/** Where one peer keeps what it is given. */
export interface Home {
  /** Its database, or its server. */
  readonly url: string;
  /** What its server has counted. */
  counters(): Promise<Counters>;
  /** Stops what was started for this peer alone. */
  close(): Promise<void>;
}

/** Where peers live. */
export interface Place {
  /** The superuser's connection. */
  readonly sql: postgres.Sql;
  /** What the server says it is. */
  readonly server: string;
  /** Makes room for a peer: a database, anew if it exists; for Restate a server of its own. */
  home(peer: string): Promise<Home>;
  /** Stops the server, if it was started for this run. */
  close(): Promise<void>;
}

/** What the cluster runs with: durable, and a memory that suits a small machine. Everything else is Postgres' default. */
export const SETTINGS = [
  "fsync = on",
  "full_page_writes = on",
  "synchronous_commit = on",
  "shared_buffers = 512MB",
  "max_wal_size = 8GB",
  "checkpoint_timeout = 30min",
  "max_connections = 200",
];

/** A private cluster; or the server that `RHYTHM_BENCH_URL` names, whose databases `bench_…` are ours then. */
export async function openPlace(): Promise<Place> {
  const given = Deno.env.get("RHYTHM_BENCH_URL");
  const cluster = given === undefined ? await ownCluster() : undefined;
  const url = given ?? cluster!.url;
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  const [row] = await sql<{ version: string }[]>`select version() as version`;
  return {
    sql,
    server: row!.version.split(" on ")[0]!,
    home: async (peer) =>
      peer === "restate" ? await ownServer() : await ownDatabase(sql, url, `bench_${peer}`),
    close: async () => {
      await sql.end({ timeout: 5 });
      await cluster?.stop();
    },
  };
}

async function ownCluster(): Promise<{ url: string; stop(): Promise<void> }> {
  const binaries = await findBinaries();
  if (binaries === undefined) {
    throw new Error("Found no Postgres to start: install one, or name a server in RHYTHM_BENCH_URL");
  }
  return await startCluster(binaries, SETTINGS);
}

async function ownDatabase(sql: postgres.Sql, url: string, name: string): Promise<Home> {
  await sql.unsafe(`drop database if exists "${name}" with (force)`);
  await sql.unsafe(`create database "${name}"`);
  const at = new URL(url);
  at.pathname = `/${name}`;
  return {
    url: at.href,
    counters: () => readCounters(sql, name),
    close: () => Promise.resolve(),
  };
}

async function ownServer(): Promise<Home> {
  const { url, pid, stop } = await startRestate();
  return { url, counters: () => readProcess(pid), close: stop };
}
