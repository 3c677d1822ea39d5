import { agreed } from "./agreed.ts";
import type { Call } from "./command.ts";
import { eachId } from "./each_id.ts";
import { EXIT } from "./exit_codes.ts";
import { count } from "./format.ts";
import { openSession } from "./session.ts";

/** Deletes executions that are over: it asks first, as nothing brings them back. */
export async function deleteExecutions(call: Call<{ yes?: boolean }>): Promise<number> {
  const { terminal, options } = call;
  await using session = await openSession(options);
  const question = `Delete ${count(new Set(call.args).size, "execution")} and all they started?`;
  if (
    !options.yes && !await agreed(call, { who: "delete", question, hint: "--yes deletes without asking" })
  ) {
    terminal.say("nothing was deleted");
    return EXIT.no;
  }
  await eachId(call, session, async (id) => {
    const deleted = await session.executions.delete(id);
    return { told: { id, deleted }, line: `${id} deleted, ${count(deleted, "execution")} in all` };
  });
  return EXIT.ok;
}
