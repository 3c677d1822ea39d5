import { createHash } from "node:crypto";
import { dumpCluster } from "./cluster_tar.ts";
import { startEngine } from "./embedded_engine.ts";
import { readCached, writeCached } from "./image_cache.ts";
import { installScript } from "./install_sql.ts";
import { libraryVersion, type SchemaFile, schemaFiles } from "./schema_gen.ts";

/**
 * A data directory of the embedded database with the engine in it, to begin others with: quicker than to install again.
 *
 * @param files other files than this library's own; for tests
 * @returns what `openEmbedded` takes as `loadDataDir`
 */
export async function embeddedImage(files: readonly SchemaFile[] = schemaFiles): Promise<Blob> {
  return tarBlob(await makeImage(installScript(files, "rhythm")));
}

let image: Promise<Blob> | undefined;

/** The same of this library's own files: made by the first process of this user, read by all later ones. */
export function installedImage(): Promise<Blob> {
  return image ??= (async () => {
    const script = installScript(schemaFiles, "rhythm");
    const { cluster } = await import("./cluster_gen.ts");
    const checksum = createHash("sha256").update(script).update(cluster).digest("hex").slice(0, 16);
    const name = `${libraryVersion}-${checksum}.tar`;
    const cached = await readCached(name);
    if (cached !== undefined) return tarBlob(cached);
    const made = await makeImage(script);
    await writeCached(name, made);
    return tarBlob(made);
  })();
}

async function makeImage(script: string): Promise<Uint8Array<ArrayBuffer>> {
  const engine = await startEngine("memory://");
  try {
    await engine.exec(script);
    return await dumpCluster(engine);
  } finally {
    await engine.close();
  }
}

function tarBlob(tar: Uint8Array<ArrayBuffer>): Blob {
  return new Blob([tar], { type: "application/x-tar" });
}
