import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { STEP_OR_TIME } from "../kinds.ts";

interface ShowFlags {
  follow?: boolean;
  full?: boolean;
  at?: number | Date;
  replay?: boolean;
}

/** `rhythm show`: everything about one execution. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "the execution"))
    .addOption(option("-f, --follow", "show it again whenever it changes, until it has ended"))
    .addOption(option("--full", "whole inputs, outputs and source"))
    .addOption(
      option("--at <when>", "a workflow as it was: a step, a moment, or how long ago (2h)", STEP_OR_TIME),
    )
    .addOption(option("--replay", "step through it with the arrow keys; in a pipe, all its steps"));
  withDatabase(command);
  withExamples(command, [
    `rhythm show 0199c3f2-…`,
    `rhythm show $(rhythm start onboard_user '{"userId": "123"}') -f`,
    `rhythm show 0199c3f2-… --at 12`,
    `rhythm show 0199c3f2-… --replay`,
    `rhythm show 0199c3f2-… --json | jq .position`,
  ]);
  command.addHelpText(
    "after",
    "\nExit codes: 0 found, 3 not found; with -f: 0 completed, 1 failed or cancelled",
  );
  runs<ShowFlags>(command, cli, async (call) => {
    if (call.options.replay) {
      const { replay } = await import("../show/replay.ts");
      await replay(call);
      return EXIT.ok;
    }
    if (call.options.at !== undefined) {
      const { showStateAt } = await import("../show_history.ts");
      await showStateAt(call);
      return EXIT.ok;
    }
    const { showExecution } = await import("../show/show_execution.ts");
    return await showExecution(call);
  });
};
