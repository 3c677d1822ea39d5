import { connect } from "../db/connect.ts";
import type { Database } from "../db/database.ts";
import { openEmbedded } from "../db/embedded.ts";
import type { DatabasePlace, Logger } from "../define/mod.ts";

/** Opens a database; the embedded one says in a line what it is. */
export async function openDatabase(
  place: DatabasePlace,
  options: { maxConnections: number; applicationName: string; logger: Logger; schema?: string | undefined },
): Promise<Database> {
  if (place.kind === "server") {
    const { maxConnections, applicationName } = options;
    return connect({
      url: place.at,
      listenUrl: place.listenAt,
      maxConnections,
      applicationName,
      connectTimeoutMs: 10_000,
    });
  }
  if (place.at !== "memory://") {
    options.logger.info(
      `using the embedded database in ${place.at}, which is for one machine; for production, set RHYTHM_DATABASE_URL to a Postgres server`,
    );
  }
  return await openEmbedded({
    dataDir: place.at,
    ...(options.schema === undefined ? {} : { schema: options.schema }),
  });
}
