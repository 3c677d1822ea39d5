import { describe } from "../shared/arguments.ts";
import { schemaProblem } from "../shared/names.ts";
import { InstallError } from "./install_errors.ts";

/**
 * Checks the name of the schema that the engine lives in.
 *
 * @param schema the name
 * @returns the same name
 * @throws {InstallError} `SCHEMA_NAME_INVALID`
 */
export function checkSchemaName(schema: string): string {
  const problem = schemaProblem(schema);
  if (problem === undefined) return schema;
  throw new InstallError("SCHEMA_NAME_INVALID", `Cannot use ${describe(schema)} as a schema: ${problem}`);
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
