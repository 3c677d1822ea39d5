import type { Command } from "commander";
import { addSub, type Cli, operand, option, runs, withExamples, withJson } from "../command.ts";
import type { FormatFlags } from "../flow/format_flows.ts";

/** `rhythm flow fmt`: formats flows. */
export function defineFmt(group: Command, cli: Cli): void {
  const command = addSub(
    group,
    "fmt",
    cli.terminal,
    "Format flows with Deno's formatter; front matter stays as it is.",
  )
    .addArgument(
      operand("[paths...]", "files and directories, - for standard input (default: the project's flows)"),
    )
    .addOption(option("--check", "write nothing; exit 1 if something would change"))
    .addOption(option("--semicolons", "end statements with them (default: without)"));
  withJson(command);
  withExamples(command, [`rhythm flow fmt`, `rhythm flow fmt --check flows/`, `rhythm flow fmt - < a.flow`]);
  runs<FormatFlags>(command, cli, async (call) => {
    const { formatFlows } = await import("../flow/format_flows.ts");
    return await formatFlows(call);
  });
}
