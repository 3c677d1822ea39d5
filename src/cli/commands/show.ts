import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm show`: everything about one execution. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "the execution"))
    .addOption(option("-f, --follow", "show it again whenever it changes, until it has ended"))
    .addOption(option("--full", "whole inputs, outputs and source"));
  withDatabase(command);
  withExamples(command, [
    `rhythm show 0199c3f2-…`,
    `rhythm show $(rhythm start onboard_user '{"userId": "123"}') -f`,
    `rhythm show 0199c3f2-… --json | jq .position`,
  ]);
  command.addHelpText(
    "after",
    "\nExit codes: 0 found, 3 not found; with -f: 0 completed, 1 failed or cancelled",
  );
  runs<{ follow?: boolean; full?: boolean }>(command, cli, async (call) => {
    const { showExecution } = await import("../show/show_execution.ts");
    return await showExecution(call);
  });
};
