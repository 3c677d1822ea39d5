import type { ChangeOptions } from "../../define/mod.ts";
import { CliError } from "../cli_error.ts";
import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";
import { optionsOf, type StartFlags, withOptions } from "../start_options.ts";

/** `rhythm change`: another queue, priority or time for what has not begun. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addArgument(operand("<id...>", "executions that have not begun"));
  withOptions(command, "change");
  withDatabase(command);
  withExamples(command, [
    `rhythm change 0199c3f2-… --queue urgent --priority 10`,
    `rhythm change 0199c3f2-… --delay 0   # at once`,
    `rhythm operations change -t import --to-queue slow   # many at once`,
  ]);
  command.addHelpText("after", "\nWhat has begun is refused, also if it waits for a repeated attempt");
  runs<StartFlags>(command, cli, async (call) => {
    const to = await optionsOf(call.options, "change") as ChangeOptions;
    if (Object.keys(to).length === 0) {
      throw new CliError("nothing says what to change", {
        hint: "`--queue`, `--priority`, `--delay` or `--run-at` says what is new",
      });
    }
    const { eachId } = await import("../each_id.ts");
    const { openSession } = await import("../session.ts");
    await using session = await openSession(call.options);
    await eachId(call, session, async (id) => {
      await session.executions.change(id, to);
      return { told: { id, changed: true }, line: `${id} changed` };
    });
  });
};
