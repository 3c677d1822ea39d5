/**
 * A Postgres server of this process's own, which keeps nothing. Compiled for this machine, it takes a fraction of the time
 * that PGlite takes. One session is used of it, so it is as predictable as PGlite.
 *
 * @module
 */
import { install } from "../../src/db/install.ts";
import { connect } from "../../src/db/connect.ts";
import type { SchemaFile } from "../../src/db/schema_gen.ts";
import { type Binaries, npmBinaries } from "../support/binaries.ts";
import { type Cluster, findBinaries, startCluster } from "../support/cluster.ts";
import type { Engine } from "./engine.ts";
import { Session } from "./session.ts";

let cluster: Promise<Cluster> | undefined;
/** The first engine of this process: another that has the same structure is made of it in a moment. */
let first: { readonly template: string; readonly structure: string } | undefined;
let databases = 0;

/** Databases with the same engine, made one after another. */
export class Native {
  readonly #cluster: Cluster;
  readonly #template: string;

  private constructor(on: Cluster, template: string) {
    this.#cluster = on;
    this.#template = template;
  }

  /**
   * Installs an engine, which databases begin with. The server is started when this process has none.
   *
   * @param files the engine
   * @param script what is prepared after it
   */
  static async open(files: readonly SchemaFile[], script: string): Promise<Native> {
    const on = await (cluster ??= start());
    const template = `engine_${++databases}`;
    const structure = files.filter(({ kind }) => kind !== "behaviour").map(({ text }) => text).join();
    const from = first?.structure === structure ? ` template ${first.template} strategy file_copy` : "";
    await administer(on, `create database ${template}${from}`);
    first ??= { template, structure };
    const database = connect({ url: urlOf(on, template), maxConnections: 1 });
    try {
      await install(database, { files });
      await database.script(script);
    } finally {
      await database.close();
    }
    return new Native(on, template);
  }

  /** Makes a database, and the one session with it. Closing the session drops the database. */
  async database(): Promise<Engine> {
    const name = `world_${++databases}`;
    await administer(this.#cluster, `create database ${name} template ${this.#template} strategy file_copy`);
    const session = await Session.open(this.#cluster.port, name);
    return {
      exec: (text) => session.exec(text),
      onNotification: (call) => session.onNotification(call),
      cpuSeconds: () => cpuSecondsOf(session.pid),
      close: async () => {
        session.close();
        await administer(this.#cluster, `drop database ${name} with (force)`);
      },
    };
  }

  /** Drops what databases began with. */
  async close(): Promise<void> {
    if (this.#template === first?.template) return;
    await administer(this.#cluster, `drop database ${this.#template} with (force)`);
  }
}

/** Whether this machine has a Postgres, or one can be fetched for it. */
export async function hasNative(): Promise<boolean> {
  return await binaries() !== undefined;
}

/** Stops the server of this process. */
export async function stopNative(): Promise<void> {
  const started = cluster;
  cluster = first = undefined;
  await (await started)?.stop();
}

// Linux tells it, in hundredths.
async function cpuSecondsOf(pid: number): Promise<number | undefined> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  const [user, system] = text.split(") ").at(-1)!.split(" ").slice(11, 13).map(Number);
  return user === undefined || system === undefined ? undefined : (user + system) / 100;
}

async function start(): Promise<Cluster> {
  const found = await binaries();
  if (found === undefined) throw new Error("There is no Postgres 15 or later for this machine");
  return await startCluster({ ...found, cron: false }, SETTINGS);
}

// Earlier ones know no strategy of making a database.
async function binaries(): Promise<Binaries | undefined> {
  const found = await findBinaries();
  return found !== undefined && found.version >= 15 ? found : await npmBinaries().catch(() => undefined);
}

function urlOf({ port }: Cluster, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`;
}

async function administer(on: Cluster, statement: string): Promise<void> {
  const session = await Session.open(on.port, "postgres");
  try {
    // The last session of a database leaves it a moment after it was closed.
    for (let left = 200;; left--) {
      try {
        return void await session.exec(statement);
      } catch (error) {
        if (left === 0 || (error as { code?: string }).code !== "55006") throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  } finally {
    session.close();
  }
}

/** Nothing happens by itself, and nothing outlives the process. */
const SETTINGS = [
  "autovacuum = off",
  "jit = off",
  "synchronous_commit = off",
  "wal_level = minimal",
  "max_wal_senders = 0",
  "max_parallel_workers_per_gather = 0",
  "checkpoint_timeout = 1d",
  "max_connections = 10",
  "shared_buffers = 128MB",
  "track_counts = off",
  "plan_cache_mode = force_generic_plan",
  "track_activities = off",
  "update_process_title = off",
  // A fault that is planted may make a statement endless.
  "statement_timeout = 60s",
];
