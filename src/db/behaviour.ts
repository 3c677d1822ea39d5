import { createHash } from "node:crypto";
import type { Queryable } from "./database.ts";
import { type Made, madeNow, type Standing } from "./left_over.ts";
import type { SchemaFile } from "./schema_gen.ts";
import { forSchema } from "./schema_name.ts";
import { splitStatements, type Statement } from "./statements.ts";

/**
 * Applies a file of behaviour, without the functions and views that are there already, made by the same statement, and
 * without its comments. Replacing a function makes every session plan again. Replacing a view locks out its readers.
 *
 * @param tx the transaction of the installation
 * @param file the file
 * @param options the schema, and what is there
 * @returns the functions and views that the file stands for, made now or before
 */
export async function applyBehaviour(
  tx: Queryable,
  file: SchemaFile,
  { schema, there }: { schema: string; there: ReadonlyMap<string, Standing> },
): Promise<Made[]> {
  const statements = splitStatements(file.text).filter(({ comment }) => comment === undefined);
  const checksums = new Map<string, string>();
  for (const { makes, text } of statements) if (makes !== undefined) checksums.set(makes, checksumOf(text));
  const kept: Made[] = [];
  for (const { makes, text } of statements) {
    const found = makes === undefined ? undefined : there.get(makes);
    if (found === undefined || text.startsWith("drop ") || !isSame(found, text, schema)) continue;
    kept.push(found);
    checksums.delete(found.name);
  }
  const todo = statements.filter(({ makes }) => makes === undefined || checksums.has(makes));
  await tx.script(todo.map(({ text }) => `${forSchema(text, schema)};`).join("\n\n"));
  return [...kept, ...await madeNow(tx, checksums, schema)];
}

/** The checksum of a statement, by which the next installation knows it again. */
export function checksumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

// A person may have replaced a function by hand. Its body shows that.
function isSame({ checksum, body }: Standing, text: string, schema: string): boolean {
  return checksum === checksumOf(text) && (body === null || forSchema(text, schema).includes(body));
}

/**
 * Makes the comments of files of behaviour what they should be; those that are so already are left alone.
 *
 * @param tx the transaction of the installation
 * @param files the files
 * @param schema the schema
 */
export async function applyComments(
  tx: Queryable,
  files: readonly SchemaFile[],
  schema: string,
): Promise<void> {
  const comments = files.flatMap((file) => splitStatements(file.text))
    .filter((statement): statement is Required<Statement> => statement.comment !== undefined);
  if (comments.length === 0) return;
  const rows = comments.map(({ comment: { kind, object, literal } }, nth) =>
    `(${nth}, '${kind}', $object$${forSchema(object, schema)}$object$, ${forSchema(literal, schema)})`
  );
  const wrong = await tx.query<{ nth: number }>(
    `select w.nth from (values ${rows.join(",\n")}) as w (nth, kind, object, wanted)
    where w.wanted is distinct from case
      when w.kind in ('function', 'procedure') then obj_description(to_regprocedure(w.object), 'pg_proc')
      when w.kind in ('table', 'view', 'index', 'sequence') then obj_description(to_regclass(w.object), 'pg_class')
      when w.kind in ('type', 'domain') then obj_description(to_regtype(w.object), 'pg_type')
      when w.kind = 'column' then (
        select col_description(a.attrelid, a.attnum)
        from pg_attribute as a
        where a.attrelid = to_regclass(regexp_replace(w.object, '\\.[^.]*$', ''))
          and a.attname = trim(both '"' from substring(w.object from '[^.]*$')))
      when w.kind = 'constraint' then (
        select obj_description(c.oid, 'pg_constraint')
        from pg_constraint as c
        where c.conrelid = to_regclass(split_part(w.object, ' on ', 2)) and c.conname = split_part(w.object, ' on ', 1))
    end`,
  );
  if (wrong.length === 0) return;
  await tx.script(wrong.map(({ nth }) => `${forSchema(comments[nth]!.text, schema)};`).join("\n"));
}
