import { brotliDecompressSync } from "node:zlib";
import { TarBlob, unpackCluster } from "./cluster_tar.ts";
import { readPush } from "./embedded_clock.ts";
import type { PGlite, PGliteOptions } from "@electric-sql/pglite";

/** What an engine may begin with. */
export interface EngineOptions {
  /** A tar archive with the content of the directory, for a new one. */
  image?: Uint8Array<ArrayBuffer>;
  /** For the script that prepares it: arguments of `initdb`. */
  initDbStartParams?: PGliteOptions["initDbStartParams"];
}

/**
 * Starts Postgres in this process (PGlite, loaded only now). A cluster that is not there yet is unpacked, not made: that
 * takes a tenth of the time of `initdb`.
 *
 * @param dataDir a directory, or `memory://`
 * @param options what it begins with
 * @returns the engine
 */
export async function startEngine(
  dataDir: string,
  { image, initDbStartParams }: EngineOptions = {},
): Promise<PGlite> {
  const { PGlite } = await import("@electric-sql/pglite");
  const prepared = initDbStartParams !== undefined || await hasCluster(dataDir)
    ? undefined
    : image ?? await emptyCluster();
  const isInMemory = dataDir.startsWith("memory://");
  if (prepared !== undefined && !isInMemory) unpackCluster(prepared, dataDir);
  return await PGlite.create({
    dataDir,
    parsers: { 20: Number },
    // Postgres clears all of its buffers when it starts: with the usual 128 MB that is most of the time.
    startParams: [
      ...PGlite.defaultStartParams,
      "-c",
      "shared_buffers=16MB",
      ...pushed(await readPush(dataDir)),
    ],
    ...(initDbStartParams === undefined ? {} : { initDbStartParams }),
    ...(prepared !== undefined && isInMemory ? { loadDataDir: new TarBlob(prepared) } : {}),
  });
}

function pushed(ms: number): string[] {
  return ms === 0 ? [] : ["-c", `rhythm_clock.shift=${ms} milliseconds`];
}

/** Whether a directory holds a database. */
export async function hasCluster(dataDir: string): Promise<boolean> {
  if (dataDir.startsWith("memory://")) return false;
  return await Deno.stat(`${dataDir}/PG_VERSION`).then(() => true, () => false);
}

let unpacked: Promise<Uint8Array<ArrayBuffer>> | undefined;

function emptyCluster(): Promise<Uint8Array<ArrayBuffer>> {
  return unpacked ??= (async () => {
    const { cluster } = await import("./cluster_gen.ts");
    return new Uint8Array(brotliDecompressSync(Uint8Array.fromBase64(cluster)));
  })();
}
