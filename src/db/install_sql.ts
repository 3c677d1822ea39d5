import { createHash } from "node:crypto";
import { checkShape, TEXT } from "../shared/arguments.ts";
import { checksumOf } from "./behaviour.ts";
import { madeHere } from "./left_over.ts";
import { offline } from "./online.ts";
import { libraryVersion, type SchemaFile, schemaFiles } from "./schema_gen.ts";
import { checkSchemaName, forSchema } from "./schema_name.ts";
import { splitStatements } from "./statements.ts";

/**
 * The whole installation as one SQL script, for people who run their own migrations. It installs afresh; it does not upgrade.
 *
 * @param options the schema
 * @returns the script, in one transaction
 */
export function installSql(options: { schema?: string } = {}): string {
  checkShape(options, { schema: TEXT }, { where: "installSql()" });
  return installScript(schemaFiles, options.schema ?? "rhythm");
}

const refuseOtherEncodings = `do $encoding$
begin
  if current_setting('server_encoding') <> 'UTF8' then
    raise exception 'Cannot install Rhythm in database "%": its encoding is %, expected UTF8', current_database(), current_setting('server_encoding')
      using hint = 'Make one: create database NAME encoding ''UTF8'' template template0';
  end if;
end;
$encoding$;`;

/** {@linkcode installSql} of any files. */
export function installScript(files: readonly SchemaFile[], name: string, version = libraryVersion): string {
  const schema = checkSchemaName(name);
  const records = files.map(({ name, kind, checksum }) =>
    `('${name}', '${kind}', '${checksum}', '${version}')`
  );
  return [
    `-- Rhythm ${version}, schema "${schema}": psql --set ON_ERROR_STOP=1 --file FILE`,
    "begin;",
    `set local search_path = pg_catalog, pg_temp;\nset local check_function_bodies = off;\nset local client_min_messages = warning;`,
    refuseOtherEncodings,
    `create schema if not exists "${schema}";`,
    ...files.map((file) => `-- ${file.name}\n${freshText(file, schema)}`),
    forSchema(
      `insert into rhythm.installation (file, kind, checksum, library_version) values\n  ${
        records.join(",\n  ")
      };`,
      schema,
    ),
    recordObjects(files, schema),
    "commit;\n",
  ].join("\n\n");
}

/**
 * A short digest of a database that was made with these files.
 *
 * @param files the files
 * @param version the version of the library that they belong to
 * @param recipe how the empty cluster was made
 */
export function digestOf(files: readonly SchemaFile[], version: string, recipe: string): string {
  return createHash("sha256").update(installScript(files, "rhythm", version)).update(recipe).digest("hex")
    .slice(0, 16);
}

/** A file as it is applied where nothing is installed yet. */
export function freshText({ kind, text }: SchemaFile, schema: string): string {
  return forSchema(kind === "online" ? offline(text) : text, schema);
}

/** What writes down the functions and views that these files made in this transaction, where nothing was before. */
export function recordObjects(files: readonly SchemaFile[], schema: string): string {
  const made = files.filter((file) => file.kind === "behaviour").flatMap((file) => splitStatements(file.text))
    .flatMap(({ makes, text }) =>
      makes === undefined || text.startsWith("drop") ? [] : [`('${makes}', '${checksumOf(text)}')`]
    );
  if (made.length === 0) return "";
  return forSchema(
    `with statement (name, checksum) as (values\n  ${made.join(",\n  ")}
), made as (${madeHere})
insert into rhythm.installed_object (identity, kind, checksum)
select m.identity, m.kind, s.checksum from made as m join statement as s on s.name = m.name;`,
    schema,
  );
}
