import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import type { PurgeFlags } from "../purge.ts";

/** `rhythm purge`: removes executions that ended long ago, or those that are named. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("[id...]", "these, with all that they started; they must have ended"))
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
    `rhythm purge 0199c3f2-… --yes`,
  ]);
  command.addHelpText("after", "\nIt shows what it would remove and asks; without a terminal it needs --yes");
  runs<PurgeFlags>(command, cli, async (call) => {
    if (call.args.length === 0) {
      const { purge } = await import("../purge.ts");
      return await purge(call);
    }
    const { purgeThese } = await import("../purge_these.ts");
    return await purgeThese(call);
  });
};
