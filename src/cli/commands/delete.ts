import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm delete`: deletes executions that are over, with all that they started and left. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id...>", "executions that are over"))
    .addOption(option("-y, --yes", "do not ask"));
  withDatabase(command);
  withExamples(command, [
    `rhythm delete 0199c3f2-…`,
    `rhythm list -t import --json | jq -r '.executions[].id' | xargs rhythm delete -y`,
  ]);
  command.addHelpText(
    "after",
    "\nInputs, outputs, errors, logs, signals, steps and keys go, too. Backups still have\n" +
      "them. What a workflow started goes with that workflow. See also: rhythm purge",
  );
  runs<{ yes?: boolean }>(command, cli, async (call) => {
    const { deleteExecutions } = await import("../delete.ts");
    return await deleteExecutions(call);
  });
};
