import type { Database } from "../db/database.ts";
import { InstallError } from "../db/install_errors.ts";
import { forSchema } from "../db/schema_name.ts";
import { uninstall as remove } from "../db/uninstall.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { lineReader } from "./flow/ask_line.ts";
import { count } from "./format.ts";
import { openAlone } from "./migrate.ts";
import { targetOf } from "./target.ts";

/** Removes the schema: first it shows what is in it, then it asks for its name. */
export async function uninstall(call: Call<{ yes?: boolean }>): Promise<number> {
  const { terminal, options } = call;
  const target = await targetOf(options);
  const { schema } = target;
  const database = await openAlone(target);
  try {
    const found = await contents(database, schema);
    if (!options.yes) {
      terminal.say(
        `schema "${schema}" in ${database.url} holds ${
          count(found.executions, "execution")
        }, ${found.unfinished} of them not over, and ${count(found.workers, "worker")}`,
      );
      if (!await agreed(schema, call)) {
        terminal.say("nothing was removed");
        return EXIT.no;
      }
    }
    const stays = await remove(database, { schema });
    if (call.json) terminal.print(JSON.stringify({ schema, ...found, stays }));
    else terminal.print(`schema "${schema}" is removed from ${database.url}`);
    for (const note of stays) terminal.say(`${terminal.paintError("warn", "note:")} ${note}`);
    return EXIT.ok;
  } finally {
    await database.close();
  }
}

async function contents(
  database: Database,
  schema: string,
): Promise<{ executions: number; unfinished: number; workers: number }> {
  const [there] = await database.query<{ there: boolean }>(
    "select to_regclass(format('%I.executions', $1::text)) is not null as there",
    [schema],
  );
  if (!there!.there) {
    throw new InstallError(
      "NOT_INSTALLED",
      `Cannot remove Rhythm from schema "${schema}": it is not installed there`,
    );
  }
  const [row] = await database.query<{ executions: number; unfinished: number; workers: number }>(
    forSchema(
      `select count(*)::integer as executions, (count(*) filter (where e.completed_at is null))::integer as unfinished,
        (select count(*)::integer from rhythm.workers) as workers
      from rhythm.executions as e`,
      schema,
    ),
  );
  return row!;
}

async function agreed(schema: string, call: Call): Promise<boolean> {
  const { terminal } = call;
  if (!terminal.canAsk || call.json) {
    throw new CliError("--uninstall asks before it removes anything, and nobody can be asked here", {
      hint: "--yes removes it without asking",
    });
  }
  const answer = await lineReader(terminal, call.signal)("Remove all of it? Type the name of the schema: ");
  return answer?.trim() === schema;
}
