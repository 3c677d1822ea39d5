/** Small engines to install in tests of installing. */
import { createHash } from "node:crypto";
import { readSchema } from "../../../scripts/gen.ts";
import type { SchemaFile } from "../../../src/db/schema_gen.ts";

/** A file as `deno task gen` would make it from sql/. */
export function file(name: string, text: string): SchemaFile {
  return {
    name,
    kind: name.startsWith("structure/") ? "structure" : "behaviour",
    checksum: createHash("sha256").update(text).digest("hex"),
    text,
  };
}

/** What every installation needs: the tables that say what is installed. */
export async function installationFile(): Promise<SchemaFile> {
  return (await readSchema()).find(({ name }) => name === "structure/000_installation.sql")!;
}

/** A version of an engine of two files: a table, and a function and a view over it. */
export async function smallEngine(): Promise<SchemaFile[]> {
  return [
    await installationFile(),
    file(
      "structure/010_thing.sql",
      "create table rhythm.thing (id integer primary key, label text not null);",
    ),
    file(
      "things/things.sql",
      `create or replace function rhythm.count_things() returns bigint language sql stable set search_path = pg_catalog, pg_temp
      as $$ select count(*) from rhythm.thing $$;
      create or replace view rhythm.things as select t.id, t.label from rhythm.thing as t;`,
    ),
  ];
}
