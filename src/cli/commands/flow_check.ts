import type { Command } from "commander";
import { addSub, type Cli, operand, option, repeated, runs, withExamples, withJson } from "../command.ts";

/** `rhythm flow check`: every problem of every flow. */
export function defineCheck(group: Command, cli: Cli): void {
  const command = addSub(group, "check", cli.terminal, "Show every problem of every flow, where it is.")
    .addArgument(operand("[paths...]", "files and directories (default: the project's flows)"))
    .addOption(
      repeated(
        "--tasks <module>",
        "tasks that flows may run: a module that exports them (default: tasks.ts)",
      ),
    )
    .addOption(option("--strict", "warnings count as errors"));
  withJson(command);
  withExamples(command, [`rhythm flow check`, `rhythm flow check flows/ other/one.flow --strict`]);
  command.addHelpText("after", "\nExit codes: 0 no errors, 1 errors");
  runs<{ strict?: boolean; tasks?: string[] }>(command, cli, async (call) => {
    const { checkFlows } = await import("../flow/check_flows.ts");
    return await checkFlows(call);
  });
}
