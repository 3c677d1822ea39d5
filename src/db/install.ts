import type { Database, Queryable } from "./database.ts";
import { isOutage } from "./error_kind.ts";
import { StatementError } from "./errors.ts";
import { InstallError } from "./install_errors.ts";
import { applyBehaviour, applyComments } from "./behaviour.ts";
import { dropLeftOver, type Made, standing } from "./left_over.ts";
import { applyOnline } from "./online.ts";
import { freshText, recordObjects } from "./install_sql.ts";
import { isLockConflict, LOCK_WAIT_MS, withPatience } from "./patience.ts";
import { libraryVersion, type SchemaFile, schemaFiles } from "./schema_gen.ts";
import { checkSchemaName, forSchema } from "./schema_name.ts";

export { installSql } from "./install_sql.ts";

/** Where and what to install. */
export interface InstallOptions {
  /** The schema to install into. Default: `rhythm`. */
  schema?: string;
  /** Other files than this library's own; for tests, of upgrades among them. */
  files?: readonly SchemaFile[];
  /** Another version than this library's own; for tests of upgrades. */
  version?: string;
  /** For how long to try again while other transactions hold locks that are needed, in milliseconds. Default: 30,000. */
  patienceMs?: number;
}

/** What an installation did. */
export interface Installation {
  /** The files that were applied; empty: everything was there. */
  applied: string[];
  /** What had to be left out because a right was missing, and how to add it. */
  skipped: string[];
}

const oldestPostgres = 13;

/**
 * Installs the engine, or brings it up to date, in one transaction: all of it or nothing. Processes that start at
 * the same time install once; an installation that is up to date costs one query.
 *
 * Workers continue meanwhile: only what has changed is replaced. If another transaction holds a lock, the installer waits for it
 * only for a moment, again and again. Online structure follows outside of the transaction.
 *
 * @param database where to install
 * @param options the schema
 * @returns what was done
 * @throws {InstallError} when it cannot be done; nothing was changed
 */
export async function install(database: Database, options: InstallOptions = {}): Promise<Installation> {
  const schema = checkSchemaName(options.schema ?? "rhythm");
  const files = options.files ?? schemaFiles;
  const version = options.version ?? libraryVersion;
  const patienceMs = options.patienceMs ?? 30_000;
  const before = await recorded(database, schema);
  if (before !== undefined && before.size === files.length && pending(files, before, version).length === 0) {
    return { applied: [], skipped: await notes(database, schema) };
  }
  const isAlone = before === undefined || database.kind === "embedded";
  const plan = { schema, files, version, isAlone };
  const done = await withPatience(
    { what: `install Rhythm ${version} into schema "${schema}"`, schema, patienceMs, database },
    () => withoutChanged((drops) => database.transaction((tx) => apply(tx, { ...plan, drops }))),
  );
  const online = done.online.length === 0
    ? { applied: [], postponed: [] }
    : await applyOnline(database, done.online, {
      schema,
      patienceMs,
      record: (tx, file) => record(tx, [file], { schema, version, files }),
    });
  return {
    applied: [...done.applied, ...online.applied],
    skipped: [...await notes(database, schema), ...online.postponed],
  };
}

interface Plan {
  schema: string;
  files: readonly SchemaFile[];
  version: string;
  /** No other process works there yet, or can. */
  isAlone: boolean;
  /** Functions that are dropped first. */
  drops: readonly string[];
}

/** Postgres replaces no function by one with another result: it names that one, and then everything is done again without it. */
async function withoutChanged<T>(work: (drops: readonly string[]) => Promise<T>): Promise<T> {
  const drops: string[] = [];
  for (;;) {
    try {
      return await work(drops);
    } catch (error) {
      const changed = changedFunction(error);
      if (changed === undefined || drops.includes(changed)) throw error;
      drops.push(changed);
    }
  }
}

function changedFunction(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, hint } = cause as { code?: unknown; hint?: unknown };
    if (code === "42P13" && typeof hint === "string") {
      return /^Use DROP FUNCTION (.+) first\.$/.exec(hint)?.[1];
    }
  }
  return undefined;
}

async function apply(
  tx: Queryable,
  { schema, files, version, isAlone, drops }: Plan,
): Promise<{ applied: string[]; online: SchemaFile[] }> {
  await checkServer(tx);
  await tx.query("select pg_advisory_xact_lock(hashtextextended('rhythm installation ' || $1, 0))", [schema]);
  await tx.query(
    `select set_config(s.name, s.value, true)
    from (values
      ('search_path', 'pg_catalog, pg_temp'), ('check_function_bodies', 'off'), ('standard_conforming_strings', 'on'),
      ('statement_timeout', '0'), ('lock_timeout', '${LOCK_WAIT_MS}')
    ) as s (name, value)`,
  );
  const before = await recorded(tx, schema);
  const pendingFiles = pending(files, before ?? await prepare(tx, schema), version);
  const online = isAlone || before === undefined ? [] : pendingFiles.filter(({ kind }) => kind === "online");
  const todo = pendingFiles.filter((file) => !online.includes(file));
  if (before === undefined) await applyFresh(tx, todo, schema);
  else await applyChanges(tx, todo, { schema, drops });
  await record(tx, todo, { schema, version, files });
  return { applied: todo.map((file) => file.name), online };
}

/** Where nothing is, nothing has to be compared: that takes a third of the time. */
async function applyFresh(tx: Queryable, todo: readonly SchemaFile[], schema: string): Promise<void> {
  for (const file of todo) await applying(file, schema, () => tx.script(freshText(file, schema)));
  await tx.script(recordObjects(todo, schema));
}

async function applyChanges(
  tx: Queryable,
  todo: readonly SchemaFile[],
  { schema, drops }: Pick<Plan, "schema" | "drops">,
): Promise<void> {
  const behaviour = todo.filter(({ kind }) => kind === "behaviour");
  for (const file of todo) {
    if (file.kind !== "behaviour") await applying(file, schema, () => tx.script(freshText(file, schema)));
  }
  if (behaviour.length === 0) return;
  for (const one of drops) await applying(behaviour[0]!, schema, () => tx.script(`drop function ${one}`));
  const made: Made[] = [];
  const there = await applying(behaviour[0]!, schema, () => standing(tx, schema));
  for (const file of behaviour) {
    made.push(...await applying(file, schema, () => applyBehaviour(tx, file, { schema, there })));
  }
  await applying(behaviour.at(-1)!, schema, async () => {
    await applyComments(tx, behaviour, schema);
    await dropLeftOver(tx, schema, made);
  });
}

async function record(
  tx: Queryable,
  done: readonly SchemaFile[],
  { schema, version, files }: { schema: string; version: string; files: readonly SchemaFile[] },
): Promise<void> {
  await tx.query(forSchema(recordFiles, schema), [
    JSON.stringify(done.map(({ name, kind, checksum }) => ({ file: name, kind, checksum }))),
    version,
    JSON.stringify(files.map((file) => file.name)),
  ]);
}

/** The files to apply: new structure, and all behaviour as soon as one of them changed. */
function pending(files: readonly SchemaFile[], before: Map<string, Recorded>, version: string): SchemaFile[] {
  const known = new Set(files.map((file) => file.name));
  for (const [name, row] of before) {
    const newer = row.kind !== "behaviour" && !known.has(name);
    if (newer || compareVersions(row.library_version, version) > 0) {
      throw new InstallError(
        "DATABASE_NEWER",
        `Cannot install Rhythm ${version}: the database holds ${name} of version ${row.library_version}. Upgrade this library (deno add jsr:@rhythm/core), or point it at another schema`,
      );
    }
  }
  for (const file of files) {
    const row = before.get(file.name);
    if (file.kind !== "behaviour" && row !== undefined && row.checksum !== file.checksum) {
      throw new InstallError(
        "STRUCTURE_CHANGED",
        `Cannot install Rhythm ${version}: the structure file ${file.name} is not the one that was applied by version ${row.library_version}. Released structure never changes: restore the file and put the change into a new one`,
      );
    }
  }
  const behaviour = files.filter((file) => file.kind === "behaviour");
  const structure = files.filter((file) => file.kind !== "behaviour" && !before.has(file.name));
  const same = behaviour.every((file) => before.get(file.name)?.checksum === file.checksum) &&
    [...before].every(([name, row]) => row.kind !== "behaviour" || known.has(name));
  return same && structure.every(({ kind }) => kind === "online") ? structure : [...structure, ...behaviour];
}

/** Applies a file; an error names it. */
async function applying<T>(file: SchemaFile, schema: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Nothing is wrong with the file: the server is read-only for a while, or ends.
    if (!(error instanceof StatementError) || isLockConflict(error) || isOutage(error)) throw error;
    if (error.code === "42501") {
      throw new InstallError(
        "RIGHT_MISSING",
        `Cannot install ${file.name}: ${error.message}. Install as the owner of schema "${schema}", or let the owner run the script that \`installSql()\` gives`,
        { cause: error },
      );
    }
    throw new InstallError(
      "FILE_FAILED",
      `Cannot install ${file.name}: ${error.message}. Nothing was changed`,
      {
        cause: error,
      },
    );
  }
}

async function checkServer(tx: Queryable): Promise<void> {
  const [row] = await tx.query<{ number: number; version: string; encoding: string; name: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      current_setting('server_encoding') as encoding, current_database() as name`,
  );
  if (row!.number < oldestPostgres * 10_000) {
    throw new InstallError(
      "POSTGRES_TOO_OLD",
      `Cannot install Rhythm on Postgres ${row!.version}: expected ${oldestPostgres} or newer`,
    );
  }
  if (row!.encoding !== "UTF8") {
    throw new InstallError("ENCODING_UNSUPPORTED", encodingProblem(row!.name, row!.encoding));
  }
}

/** JSON may have any character, so a database of another encoding could not hold what it is given. */
function encodingProblem(database: string, encoding: string): string {
  return `Cannot install Rhythm in database "${database}": its encoding is ${encoding}, expected UTF8. ` +
    `Make one: create database … encoding 'UTF8' template template0`;
}

/** Makes an empty schema, or takes one that is there and empty. */
async function prepare(tx: Queryable, schema: string): Promise<Map<string, Recorded>> {
  const [row] = await tx.query<
    { exists: boolean; occupied: boolean; may_create: boolean; may_use: boolean; who: string; where: string }
  >(
    `select n.oid is not null as exists,
      exists (
        select
        from (
          select c.oid from pg_class as c where c.relnamespace = n.oid
          union all select p.oid from pg_proc as p where p.pronamespace = n.oid
          union all select t.oid from pg_type as t where t.typnamespace = n.oid
        ) as o
        where not exists (select from pg_depend as d where d.objid = o.oid and d.deptype in ('e', 'i'))
      ) as occupied,
      has_database_privilege(current_database(), 'create') as may_create,
      n.oid is not null and has_schema_privilege(n.oid, 'create') as may_use,
      current_user as who, current_database() as where
    from (select $1::text as wanted) as w left join pg_namespace as n on n.nspname = w.wanted`,
    [schema],
  );
  const { exists, occupied, may_create, may_use, who, where } = row!;
  if (exists && occupied) {
    throw new InstallError(
      "SCHEMA_OCCUPIED",
      `Cannot install into schema "${schema}": it holds objects that are not Rhythm's. Name another schema`,
    );
  }
  if (exists ? !may_use : !may_create) {
    const grant = exists
      ? `grant all on schema "${schema}" to "${who}"`
      : `grant create on database "${where}" to "${who}"`;
    throw new InstallError(
      "RIGHT_MISSING",
      `Cannot install into schema "${schema}": role "${who}" may not create there. As the owner, run: ${grant}`,
    );
  }
  if (!exists) await tx.script(`create schema "${schema}"`);
  return new Map();
}

interface Recorded {
  kind: string;
  checksum: string;
  library_version: string;
}

/** What the database says is installed; undefined when nothing is. */
async function recorded(on: Queryable, schema: string): Promise<Map<string, Recorded> | undefined> {
  try {
    const [found] = await on.query<{ found: boolean }>(
      `select exists (
        select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = 'installation'
      ) as found`,
      [schema],
    );
    if (!found!.found) return undefined;
    const rows = await on.query<Recorded & { file: string }>(
      forSchema("select file, kind, checksum, library_version from rhythm.installation", schema),
    );
    return new Map(rows.map((row) => [row.file, row]));
  } catch (error) {
    if (!(error instanceof StatementError && error.code === "42501")) throw error;
    throw new InstallError(
      "RIGHT_MISSING",
      `Cannot read what is installed in schema "${schema}": ${error.message}. Install as its owner, or turn autoMigrate off`,
      { cause: error },
    );
  }
}

async function notes(on: Queryable, schema: string): Promise<string[]> {
  const rows = await on.query<{ note: string }>(
    forSchema("select note from rhythm.installation_note order by note", schema),
  );
  return rows.map((row) => row.note);
}

const recordFiles = `
with gone as (
  delete from rhythm.installation as i
  where i.kind = 'behaviour' and i.file <> all (array(select jsonb_array_elements_text($3::jsonb)))
)
insert into rhythm.installation (file, kind, checksum, library_version)
select f.file, f.kind, f.checksum, $2
from jsonb_to_recordset($1::jsonb) as f (file text, kind text, checksum text)
on conflict (file) do update
set checksum = excluded.checksum, library_version = excluded.library_version, installed_at = clock_timestamp()`;

function compareVersions(left: string, right: string): number {
  const parts = (version: string) => version.split(/[-+]/)[0]!.split(".").map(Number);
  const [a, b] = [parts(left), parts(right)];
  return a.map((part, index) => part - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
