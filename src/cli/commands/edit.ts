import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { type ChangeFlags, withChanges } from "../change_options.ts";

/** `rhythm edit`: other variables. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addArgument(operand("<id>", "a workflow that waits or has failed"));
  command.addOption(option("--dry-run", "only say what would change"));
  withChanges(command);
  withDatabase(command);
  withExamples(command, [
    `rhythm edit 0199c3f2-… --set amount=40 --note "a typing error"`,
    `rhythm retry 0199c3f2-…`,
  ]);
  runs<ChangeFlags>(command, cli, async (call) => {
    const { changeWorkflow } = await import("../change_workflow.ts");
    await changeWorkflow(call, "edit");
  });
};
