import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { type ChangeFlags, withChanges } from "../change_options.ts";
import { numberFrom } from "../kinds.ts";

/** `rhythm rewind`: back to an earlier step. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "a workflow that waits or has failed"))
    .addArgument(operand("<step>", "the step to go on from; `rhythm history` lists them", numberFrom(1)));
  command.addOption(option("--dry-run", "only say what would change"));
  withChanges(command);
  withDatabase(command);
  withExamples(command, [`rhythm rewind 0199c3f2-… 4`, `rhythm rewind 0199c3f2-… 4 --set amount=40`]);
  command.addHelpText("after", "\nChildren that it began since are cancelled. What has ended is taken again");
  runs<ChangeFlags>(command, cli, async (call) => {
    const { changeWorkflow } = await import("../change_workflow.ts");
    await changeWorkflow(call, "rewind");
  });
};
