import { describe } from "../shared/arguments.ts";
import { InstallError } from "./install_errors.ts";

/**
 * Checks the name of the schema that the engine lives in. Any name will do that needs no escapes inside SQL texts
 * and leaves room for the names of notification channels.
 *
 * @param schema the name
 * @returns the same name
 * @throws {InstallError} `SCHEMA_NAME_INVALID`
 */
export function checkSchemaName(schema: string): string {
  const bytes = new TextEncoder().encode(schema).length;
  if (bytes < 1 || bytes > 40) {
    throw new InstallError(
      "SCHEMA_NAME_INVALID",
      `Cannot use ${describe(schema)} as a schema: it has ${bytes} bytes, expected 1 to 40`,
    );
  }
  // deno-lint-ignore no-control-regex
  if (/['"\\$%\u0000-\u001f]/.test(schema) || schema.startsWith("pg_")) {
    throw new InstallError(
      "SCHEMA_NAME_INVALID",
      `Cannot use ${
        describe(schema)
      } as a schema: expected a name without quotes, backslash, $, % and control characters, not beginning with pg_`,
    );
  }
  return schema;
}

/**
 * A SQL text of ours for a schema: `rhythm.` and `schema rhythm` become the schema's quoted name, `:'schema'` its
 * literal (quoted inside before `::regnamespace`), `:"schema"` its identifier.
 *
 * @param text the SQL, written for the schema `rhythm`
 * @param schema the schema meant
 * @returns the SQL for that schema
 */
export function forSchema(text: string, schema: string): string {
  // Every name except our own is quoted, because it may be a word of SQL, such as `user`.
  const quoted = schema === "rhythm" ? schema : `"${schema}"`;
  return text
    .replace(/(?<![\w.$"])rhythm\./g, `${quoted}.`)
    .replace(/(?<=\bschema )rhythm\b(?!\.)/g, quoted)
    .replaceAll(`:'schema'::regnamespace`, `'"${schema}"'::regnamespace`)
    .replaceAll(`:'schema'`, `'${schema}'`)
    .replaceAll(`:"schema"`, `"${schema}"`);
}
