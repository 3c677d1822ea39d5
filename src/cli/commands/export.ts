import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm export`: an execution with its whole history, as a file. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "the execution, in any state"))
    .addOption(option("--to <file>", "the file to write (default: standard output)"));
  withDatabase(command);
  withExamples(command, [
    `rhythm export 0199c3f2-… --to order.json`,
    `rhythm import order.json --database postgres://localhost/dev`,
  ]);
  command.addHelpText(
    "after",
    "\nThe file has inputs, outputs, variables and the seed of the random numbers:\nkeep it as safe as the database",
  );
  runs<{ to?: string }>(command, cli, async (call) => {
    const { exportExecution } = await import("../frozen.ts");
    await exportExecution(call);
  });
};
