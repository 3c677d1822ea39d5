import type { Database } from "./database.ts";
import { InstallError } from "./install_errors.ts";
import { LOCK_WAIT_MS, withPatience } from "./patience.ts";
import { libraryVersion } from "./schema_gen.ts";
import { checkSchemaName, forSchema } from "./schema_name.ts";

/** What to remove. */
export interface UninstallOptions {
  /** The schema. Default: `rhythm`. */
  schema?: string;
  /** For how long to try again while other transactions hold locks that are needed, in milliseconds. Default: 30,000. */
  patienceMs?: number;
}

/**
 * Removes an installation: the schema with everything in it, its job in pg_cron, and the roles that no other
 * installation on the server needs.
 *
 * @param database where it is
 * @param options the schema
 * @returns what had to stay, with the reason
 * @throws {InstallError} there is nothing to remove, or other transactions are in the way; nothing was changed
 */
export async function uninstall(database: Database, options: UninstallOptions = {}): Promise<string[]> {
  const schema = checkSchemaName(options.schema ?? "rhythm");
  const [row] = await database.query<{ there: boolean }>(
    `select exists (
      select from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname = $1 and p.proname = 'uninstall'
    ) as there`,
    [schema],
  );
  if (!row!.there) {
    throw new InstallError(
      "NOT_INSTALLED",
      `Cannot remove Rhythm from schema "${schema}": it is not installed there`,
    );
  }
  const patience = {
    what: `remove Rhythm ${libraryVersion} from schema "${schema}"`,
    schema,
    patienceMs: options.patienceMs ?? 30_000,
    database,
  };
  return await withPatience(patience, () =>
    database.transaction(async (tx) => {
      await tx.query(
        `select set_config('lock_timeout', '${LOCK_WAIT_MS}', true), set_config('statement_timeout', '0', true)`,
      );
      const rows = await tx.query<{ stays: string }>(
        forSchema("select rhythm.uninstall($1::text) as stays", schema),
        [schema],
      );
      return rows.map(({ stays }) => stays);
    }));
}
