import type { Command } from "commander";
import { addSub, type Cli, operand, option, runs, withDatabase, withExamples } from "../command.ts";

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
    .addArgument(operand("[paths...]", "files and directories (default: the project's flows)"))
    .addOption(option("--deploy <name>", "the deploy they are of, or when it began (default: now)"))
    .addOption(option("--migrate", "move running workflows to them, where that is sure"));
  withDatabase(command);
  withExamples(command, [`rhythm flow register`, `rhythm flow register flows/onboard_user.flow --migrate`]);
  runs<{ deploy?: string; migrate?: boolean }>(command, cli, async (call) => {
    const { registerFlows } = await import("../flow/register_flows.ts");
    return await registerFlows(call);
  });
}

/** `rhythm flow versions`: the versions of a flow. */
export function defineVersions(group: Command, cli: Cli): void {
  const command = addSub(group, "versions", cli.terminal, "The versions of a flow, the newest first.")
    .addArgument(operand("<flow>", "its name"));
  withDatabase(command);
  withExamples(command, [`rhythm flow versions onboard_user`]);
  runs(command, cli, async (call) => {
    const { listVersions } = await import("../flow/flow_versions.ts");
    await listVersions(call);
  });
}

/** `rhythm flow set`: makes a version of a flow current. */
export function defineSet(group: Command, cli: Cli): void {
  const command = addSub(
    group,
    "set",
    cli.terminal,
    "Make a version current: new executions start on it, running ones stay on theirs.",
  )
    .addArgument(operand("<flow>", "its name"))
    .addArgument(operand("<version>", "the number of the version"));
  withDatabase(command);
  withExamples(command, [`rhythm flow set onboard_user 3`]);
  runs(command, cli, async (call) => {
    const { setVersion } = await import("../flow/flow_versions.ts");
    await setVersion(call);
  });
}
