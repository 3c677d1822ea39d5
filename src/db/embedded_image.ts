import type { PGlite } from "@electric-sql/pglite";
import { dumpCluster } from "./cluster_tar.ts";
import { startEngine } from "./embedded_engine.ts";
import { readCached, writeCached } from "./image_cache.ts";
import { digestOf, installScript } from "./install_sql.ts";
import { clusterRecipe, imageDigest, libraryVersion, type SchemaFile, schemaFiles } from "./schema_gen.ts";

/** The images that this process has read or made, or is about to, by name. */
const images = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

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
  const digest = files === schemaFiles ? imageDigest : digestOf(files, libraryVersion, clusterRecipe);
  const name = `${libraryVersion}-${digest}.tar`;
  const image = images.get(name);
  if (image !== undefined) return await startEngine(dataDir, { image: await image });
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  images.set(name, promise);
  promise.catch(() => images.delete(name));
  try {
    const cached = readCached(name);
    if (cached !== undefined) {
      resolve(cached);
      return await startEngine(dataDir, { image: cached });
    }
    const engine = await startEngine(dataDir);
    const made = await installed(engine, installScript(files, "rhythm"));
    resolve(made);
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
