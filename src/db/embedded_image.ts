import { createHash } from "node:crypto";
import type { PGlite } from "@electric-sql/pglite";
import { dumpCluster, TarBlob } from "./cluster_tar.ts";
import { startEngine } from "./embedded_engine.ts";
import { readCached, writeCached } from "./image_cache.ts";
import { installScript } from "./install_sql.ts";
import { libraryVersion, type SchemaFile, schemaFiles } from "./schema_gen.ts";

/** The images that this process has read or made, or is about to, by name. */
const images = new Map<string, Promise<Blob>>();

/**
 * Starts a new embedded database with the engine in it. The first process of a user installs the engine, and leaves the
 * data directory as an image; all later databases begin with that.
 *
 * @param dataDir a directory without a database, or `memory://`
 * @param files other files than this library's own; for tests
 * @returns the database
 */
export async function startInstalled(
  dataDir: string,
  files: readonly SchemaFile[] = schemaFiles,
): Promise<PGlite> {
  const script = installScript(files, "rhythm");
  const { cluster } = await import("./cluster_gen.ts");
  const checksum = createHash("sha256").update(script).update(cluster).digest("hex").slice(0, 16);
  const name = `${libraryVersion}-${checksum}.tar`;
  const image = images.get(name);
  if (image !== undefined) return await startEngine(dataDir, { loadDataDir: await image });
  const { promise, resolve, reject } = Promise.withResolvers<Blob>();
  images.set(name, promise);
  promise.catch(() => images.delete(name));
  try {
    const cached = await readCached(name);
    if (cached !== undefined) {
      resolve(new TarBlob(cached));
      return await startEngine(dataDir, { loadDataDir: await promise });
    }
    const engine = await startEngine(dataDir);
    const made = await installed(engine, script);
    resolve(new TarBlob(made));
    await writeCached(name, made);
    return engine;
  } catch (error) {
    reject(error);
    throw error;
  }
}

async function installed(engine: PGlite, script: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    await engine.exec(script);
    return await dumpCluster(engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
}
