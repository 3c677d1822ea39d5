import { agreed } from "./agreed.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { eachId } from "./each_id.ts";
import { EXIT } from "./exit_codes.ts";
import { count } from "./format.ts";
import type { PurgeFlags } from "./purge.ts";
import { openSession } from "./session.ts";

/** Removes executions that are over, by their ids: it asks first, as nothing brings them back. */
export async function purgeThese(call: Call<PurgeFlags>): Promise<number> {
  const { terminal, options } = call;
  if (options.olderThan !== undefined || options.dryRun) {
    throw new CliError("purge takes ids, or --older-than and --dry-run, not both");
  }
  await using session = await openSession(options);
  const question = `Remove ${count(new Set(call.args).size, "execution")} and all they started?`;
  if (
    !options.yes && !await agreed(call, { who: "purge", question, hint: "--yes removes without asking" })
  ) {
    terminal.say("nothing was removed");
    return EXIT.no;
  }
  await eachId(call, session, async (id) => {
    const removed = await session.executions.delete(id);
    return { told: { id, removed }, line: `${id} removed, ${count(removed, "execution")} in all` };
  });
  return EXIT.ok;
}
