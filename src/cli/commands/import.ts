import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm import`: a frozen copy of an execution of another installation. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addArgument(operand("<file>", "what `rhythm export` wrote; - standard input"));
  withDatabase(command);
  withExamples(command, [
    `rhythm import order.json`,
    `rhythm history 0199c3f2-…`,
    `rhythm fork 0199c3f2-… 4`,
  ]);
  command.addHelpText("after", "\nNothing runs a frozen copy. Look at it, or fork it");
  runs<Record<string, never>>(command, cli, async (call) => {
    const { importExecution } = await import("../frozen.ts");
    await importExecution(call);
  });
};
