import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";
import type { PurgeFlags } from "../purge.ts";

/** `rhythm purge`: removes executions that ended long ago. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addOption(
      option(
        "--older-than <duration>",
        "ended longer ago than this: 30d, 12h (default: the setting retention)",
      ),
    )
    .addOption(option("-n, --dry-run", "show what it would remove, and remove nothing"))
    .addOption(option("-y, --yes", "do not ask"));
  withDatabase(command);
  withExamples(command, [
    `rhythm purge --older-than 7d --dry-run`,
    `rhythm purge --older-than 90d --yes`,
  ]);
  command.addHelpText("after", "\nIt shows what it would remove and asks; without a terminal it needs --yes");
  runs<PurgeFlags>(command, cli, async (call) => {
    const { purge } = await import("../purge.ts");
    return await purge(call);
  });
};
