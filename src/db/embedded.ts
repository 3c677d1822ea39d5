import { systemClock } from "../runtime/clock.ts";
import type { PGlite, Transaction } from "@electric-sql/pglite";
import type { Database, ListenOptions, Queryable, Row, Unlisten } from "./database.ts";
import { hasCluster, startEngine } from "./embedded_engine.ts";
import { toRhythmError } from "./errors.ts";
import type { SchemaFile } from "./schema_gen.ts";
import { openShared } from "./sharing/shared.ts";

/** Where the embedded Postgres keeps its data. */
export interface EmbeddedOptions {
  /** A directory, made when missing, or `memory://`. Default: `.rhythm/data`. */
  dataDir?: string;
  /** The schema that is about to be installed. If it is the usual one, a new database begins with the engine in it. */
  schema?: string;
  /** Other files of the engine than this library's own; for tests. */
  files?: readonly SchemaFile[];
}

/**
 * Opens Postgres inside this process (PGlite, loaded only now). One process at a time opens a directory, once. Later processes
 * use it through that process, and open it themselves when that process is gone.
 *
 * @param options where the data are
 * @returns the database
 * @throws {DatabaseInUseError} a process has the directory open and cannot share it
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Database> {
  const dataDir = options.dataDir ?? ".rhythm/data";
  if (dataDir.startsWith("memory://")) {
    return new EmbeddedDatabase(await start(dataDir, options), dataDir);
  }
  return await openShared(
    dataDir,
    async () => new EmbeddedDatabase(await start(dataDir, options), `embedded:${dataDir}`),
  );
}

async function start(dataDir: string, { schema, files }: EmbeddedOptions): Promise<PGlite> {
  if (schema !== "rhythm" || await hasCluster(dataDir)) return await startEngine(dataDir);
  const { startInstalled } = await import("./embedded_image.ts");
  return await startInstalled(dataDir, files);
}

class EmbeddedDatabase implements Database {
  readonly kind = "embedded";
  readonly url: string;
  readonly #engine: PGlite;

  constructor(engine: PGlite, url: string) {
    this.#engine = engine;
    this.url = url;
  }

  async query<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    await turn();
    return await run<R>(this.#engine, text, params, this.url);
  }

  async script(text: string): Promise<void> {
    try {
      await this.#engine.exec(text);
    } catch (error) {
      throw toRhythmError(error, this.url);
    }
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    await turn();
    try {
      return await this.#engine.transaction((tx) =>
        work({
          query: (text, params = []) => run(tx, text, params, this.url),
          script: async (text) => {
            try {
              await tx.exec(text);
            } catch (error) {
              throw toRhythmError(error, this.url);
            }
          },
        })
      ) as T;
    } catch (error) {
      throw toRhythmError(error, this.url);
    }
  }

  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    const quoted = `"${channel}"`;
    await this.#engine.listen(quoted, options.onNotify);
    options.onListen?.();
    // Not what listen() returned: that folds the name to lower case, and goes on listening.
    return () => this.#engine.unlisten(quoted, options.onNotify);
  }

  async close(): Promise<void> {
    if (this.#engine.closed) return;
    await this.#engine.close();
  }
}

// A statement stops the whole process while it runs. What is due already goes first, as it would with a server: the
// handlers that end in this turn are settled together, not one by one. An immediate can come before a timer that is
// due; between two of them every such timer has its turn.
function turn(): Promise<void> {
  return new Promise((resolve) => systemClock.nextTurn(() => systemClock.nextTurn(resolve)));
}

async function run<R>(
  on: PGlite | Transaction,
  text: string,
  params: readonly unknown[],
  url: string,
): Promise<R[]> {
  try {
    return (await on.query<R>(text, [...params])).rows;
  } catch (error) {
    throw toRhythmError(error, url);
  }
}
