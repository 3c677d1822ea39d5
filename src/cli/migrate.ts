import { install } from "../db/install.ts";
import { installSql } from "../db/install_sql.ts";
import { libraryVersion } from "../db/schema_gen.ts";
import type { Call } from "./command.ts";
import { readState } from "./dev/state_file.ts";
import { CliError } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";
import { count } from "./format.ts";
import { placeOfTarget, type Target, targetOf } from "./target.ts";
import type { Database } from "../db/database.ts";

/** Installs or upgrades the schema, or prints the SQL that would. */
export async function migrate(call: Call<{ sql?: boolean }>): Promise<void> {
  const { terminal } = call;
  const target = await targetOf(call.options);
  const { schema } = target;
  if (call.options.sql) {
    const sql = installSql({ schema });
    return terminal.write(call.json ? `${JSON.stringify({ schema, version: libraryVersion, sql })}\n` : sql);
  }
  const database = await openAlone(target);
  try {
    const { applied, skipped } = await install(database, { schema });
    if (call.json) {
      return terminal.print(JSON.stringify({ schema, version: libraryVersion, applied, skipped }));
    }
    terminal.print(
      applied.length === 0
        ? `schema "${schema}" is up to date (${libraryVersion}) in ${database.url}`
        : `schema "${schema}" is at ${libraryVersion} in ${database.url}: ${
          count(applied.length, "file")
        } applied`,
    );
    for (const note of skipped) terminal.say(`${terminal.paintError("warn", "note:")} ${note}`);
  } finally {
    await database.close();
  }
}

/** Opens a database that nobody else has open, if it is an embedded one. */
export async function openAlone(target: Target): Promise<Database> {
  const place = placeOfTarget(target);
  if (place.kind === "server") {
    const { connect } = await import("../db/connect.ts");
    return connect({ url: place.at, maxConnections: 1, connectTimeoutMs: 5_000 });
  }
  const running = await readState(target.project.root);
  if (running?.database === `embedded:${place.at}`) {
    throw new CliError(
      `rhythm dev (process ${running.pid}) has this database open, and keeps its schema up to date`,
      {
        exit: EXIT.no,
        code: "DATABASE_IN_USE",
        hint: "stop it first, or name another database with --database",
      },
    );
  }
  const { openEmbedded } = await import("../db/embedded.ts");
  return await openEmbedded({ dataDir: place.at });
}
