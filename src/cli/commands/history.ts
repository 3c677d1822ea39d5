import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { numberFrom } from "../kinds.ts";

/** `rhythm history`: the steps of a workflow. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "a workflow"))
    .addOption(option("--after <number>", "only steps after this one", numberFrom(0)).default(0))
    .addOption(option("-n, --limit <number>", "how many steps", numberFrom(1, 1_000)).default(100));
  withDatabase(command);
  withExamples(command, [`rhythm history 0199c3f2-…`, `rhythm history 7eea4a48 --after 100 --json`]);
  runs<{ after: number; limit: number }>(command, cli, async (call) => {
    const { showHistory } = await import("../show_history.ts");
    await showHistory(call);
  });
};
