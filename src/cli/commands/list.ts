import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";
import { type FilterFlags, withFilter } from "../filter.ts";

/** `rhythm list`: executions, newest first. */
export const define: CommandModule["define"] = (command, cli) => {
  withFilter(command).addOption(option("-w, --watch", "show it again whenever it changes"));
  withDatabase(command);
  withExamples(command, [
    `rhythm list --status failed,cancelled --after 1d`,
    `rhythm list --target onboard_user --metadata '{"tenant": "acme"}' --watch`,
    `rhythm list --status failed --limit 1000 --json | jq -r '.executions[].id'`,
  ]);
  command.addHelpText(
    "after",
    "\nWith --parent, the steps of a workflow in code are listed beside its children.",
  );
  runs<FilterFlags & { watch?: boolean }>(command, cli, async (call) => {
    const { listExecutions } = await import("../list_executions.ts");
    return await listExecutions(call);
  });
};
