import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { type ForkFlags, withChanges, withMigration } from "../change_options.ts";
import { numberFrom } from "../kinds.ts";

/** `rhythm fork`: a new workflow from a step of another one. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "a workflow, in any state"))
    .addArgument(operand("<step>", "the step to go on from; `rhythm history` lists them", numberFrom(1)))
    .addOption(option("--dry-run", "only say what would begin"));
  withMigration(command);
  command.addOption(
    option("--inputs <inputs>", "what it is started with; @file reads a file, - standard input"),
  );
  withChanges(command);
  withDatabase(command);
  withExamples(command, [
    `rhythm fork 0199c3f2-… 4 --dry-run`,
    `rhythm fork 0199c3f2-… 4 --set amount=40`,
    `rhythm fork 0199c3f2-… 4 --to 3`,
  ]);
  command.addHelpText(
    "after",
    "\nWhat had ended at the step stays its past. What was under way begins again",
  );
  runs<ForkFlags>(command, cli, async (call) => {
    const { changeWorkflow } = await import("../change_workflow.ts");
    await changeWorkflow(call, "fork");
  });
};
