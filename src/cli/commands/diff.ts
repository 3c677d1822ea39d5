import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";
import { ID_OR_STEP, numberFrom } from "../kinds.ts";

/** `rhythm diff`: what changed between two steps, or where two workflows part. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "a workflow"))
    .addArgument(operand("<other>", "a step, or another workflow", ID_OR_STEP))
    .addArgument(operand("[step]", "the later step (default: the next one)", numberFrom(1)));
  withDatabase(command);
  withExamples(command, [`rhythm diff 0199c3f2-… 3 9`, `rhythm diff 0199c3f2-… 0199c3f5-…`]);
  command.addHelpText(
    "after",
    "\nOf two workflows it shows the first step in which they part.\nExit code 1: there is a difference",
  );
  runs(command, cli, async (call) => {
    const { showDifference } = await import("../show_history.ts");
    return await showDifference(call);
  });
};
