import type { Command } from "commander";
import { addSub, type Cli, operand, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm flow list`: the flows that are registered. */
export function defineList(group: Command, cli: Cli): void {
  const command = addSub(group, "list", cli.terminal, "The flows that are registered, with their versions.");
  withDatabase(command);
  withExamples(command, [`rhythm flow list`, `rhythm flow list --json | jq -r '.flows[].name'`]);
  runs(command, cli, async (call) => {
    const { listFlows } = await import("../list_services.ts");
    await listFlows(call);
  });
}

/** `rhythm flow register`: makes files the current versions of their flows. */
export function defineRegister(group: Command, cli: Cli): void {
  const command = addSub(
    group,
    "register",
    cli.terminal,
    "Make files the current versions of their flows; all or none.",
  )
    .addArgument(operand("[paths...]", "files and directories (default: the project's flows)"));
  withDatabase(command);
  withExamples(command, [`rhythm flow register`, `rhythm flow register flows/onboard_user.flow`]);
  runs(command, cli, async (call) => {
    const { registerFlows } = await import("../flow/register_flows.ts");
    return await registerFlows(call);
  });
}
