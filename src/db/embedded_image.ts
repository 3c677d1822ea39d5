import { startEngine } from "./embedded_engine.ts";
import { installScript } from "./install_sql.ts";
import { type SchemaFile, schemaFiles } from "./schema_gen.ts";

/**
 * A data directory of the embedded database with the engine in it, to begin others with: quicker than to install again.
 *
 * @param files other files than this library's own; for tests
 * @returns what `openEmbedded` takes as `loadDataDir`
 */
export async function embeddedImage(files: readonly SchemaFile[] = schemaFiles): Promise<Blob> {
  const engine = await startEngine("memory://");
  try {
    await engine.exec(installScript(files, "rhythm"));
    // Without it, every database that begins with the image repeats the installation from its log.
    await engine.exec("checkpoint");
    return await engine.dumpDataDir("none");
  } finally {
    await engine.close();
  }
}
