import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { STEP_OR_TIME } from "../kinds.ts";

/** `rhythm at`: a workflow as it was. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "a workflow"))
    .addArgument(
      operand("<when>", "a step, a moment (2026-01-31T08:00:00Z), or how long ago (2h)", STEP_OR_TIME),
    )
    .addOption(option("--full", "the whole source, and whole values"));
  withDatabase(command);
  withExamples(command, [`rhythm at 0199c3f2-… 12`, `rhythm at 7eea4a48 2h`]);
  runs<{ full?: boolean }>(command, cli, async (call) => {
    const { showStateAt } = await import("../show_history.ts");
    await showStateAt(call);
  });
};
