import type { Command } from "commander";
import { addSub, type Cli, operand, option, runs, withExamples, withJson } from "../command.ts";

/** `rhythm flow graph`: draws a flow. */
export function defineGraph(group: Command, cli: Cli): void {
  const command = addSub(
    group,
    "graph",
    cli.terminal,
    "Draw what a flow does: tasks, waits, branches, loops.",
  )
    .addArgument(operand("<file>", "the flow"))
    .addOption(option("-f, --format <format>", "drawn as", ["mermaid", "svg"]).default("mermaid"))
    .addOption(option("-o, --output <file>", "write here (default: standard output)"));
  withJson(command);
  withExamples(command, [
    `rhythm flow graph flows/onboard_user.flow`,
    `rhythm flow graph flows/onboard_user.flow --format svg -o onboard_user.svg`,
  ]);
  runs<{ format: "mermaid" | "svg"; output?: string }>(command, cli, async (call) => {
    const { graphFlow } = await import("../flow/graph_flow.ts");
    return await graphFlow(call);
  });
}
