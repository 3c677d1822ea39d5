import { type CommandModule, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm doctor`: looks for trouble, and says what to do. */
export const define: CommandModule["define"] = (command, cli) => {
  withDatabase(command);
  withExamples(command, [
    `rhythm doctor --database postgres://owner@host/db`,
    `rhythm doctor --json | jq '.findings[] | select(.state == "problem")'`,
  ]);
  command.addHelpText(
    "after",
    "\nExit codes: 0 no problems (there may be warnings), 1 problems, 4 no database",
  );
  runs(command, cli, async (call) => {
    const { tellFindings } = await import("../doctor.ts");
    return await tellFindings(call);
  });
};
