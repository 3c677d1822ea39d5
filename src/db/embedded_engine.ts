import { brotliDecompressSync } from "node:zlib";
import { TarBlob } from "./cluster_tar.ts";
import type { PGlite, PGliteOptions } from "@electric-sql/pglite";

/**
 * Starts Postgres in this process (PGlite, loaded only now). A cluster that is not there yet is unpacked, not made: that
 * takes a tenth of the time of `initdb`.
 *
 * @param dataDir a directory, or `memory://`
 * @param options the content of the directory to begin with; for the script that prepares it, arguments of `initdb`
 * @returns the engine
 */
export async function startEngine(
  dataDir: string,
  options: Pick<PGliteOptions, "loadDataDir" | "initDbStartParams"> = {},
): Promise<PGlite> {
  const { PGlite } = await import("@electric-sql/pglite");
  const isPrepared = options.initDbStartParams === undefined && !await hasCluster(dataDir);
  return await PGlite.create({
    dataDir,
    parsers: { 20: Number },
    // Postgres clears all of its buffers when it starts: with the usual 128 MB that is most of the time.
    startParams: [...PGlite.defaultStartParams, "-c", "shared_buffers=16MB"],
    ...(isPrepared ? { loadDataDir: options.loadDataDir ?? await emptyCluster() } : options),
  });
}

/** Whether a directory holds a database. */
export async function hasCluster(dataDir: string): Promise<boolean> {
  if (dataDir.startsWith("memory://")) return false;
  return await Deno.stat(`${dataDir}/PG_VERSION`).then(() => true, () => false);
}

let unpacked: Promise<Blob> | undefined;

function emptyCluster(): Promise<Blob> {
  return unpacked ??= (async () => {
    const { cluster } = await import("./cluster_gen.ts");
    const tar = new Uint8Array(brotliDecompressSync(Uint8Array.fromBase64(cluster)));
    return new TarBlob(tar);
  })();
}
