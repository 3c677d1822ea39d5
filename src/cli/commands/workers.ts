import { addSub, type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { asGroup } from "../group.ts";

/** `rhythm workers`: workers and their heartbeats; drains them. */
export const define: CommandModule["define"] = (command, cli) => {
  asGroup(command, "list");
  withExamples(command, [
    `rhythm workers`,
    `rhythm workers drain 4f8c21aa --reason "a new machine"`,
  ]);
  const list = addSub(command, "list", cli.terminal, "Workers, what each runs, and when it was heard last.");
  withDatabase(list);
  withExamples(list, [
    `rhythm workers`,
    `rhythm workers --json | jq '.workers[] | select(.running > 0) | .name'`,
  ]);
  runs(list, cli, async (call) => {
    const { listWorkers } = await import("../list_services.ts");
    await listWorkers(call);
  });

  const worker = (): ReturnType<typeof operand> =>
    operand("<worker>", "its id, its last 8 digits, or its name");
  const drain = addSub(command, "drain", cli.terminal, "Let a worker end what it holds and take nothing new.")
    .addArgument(worker())
    .addOption(option("--reason <text>", "why, for the audit"));
  withDatabase(drain);
  withExamples(drain, [`rhythm workers drain 4f8c21aa --reason "a new machine"`]);
  runs<{ reason?: string }>(drain, cli, async (call) => {
    const { drain } = await import("../drain.ts");
    return await drain(call, "drain");
  });

  const resume = addSub(command, "resume", cli.terminal, "Let a worker take what comes again.")
    .addArgument(worker());
  withDatabase(resume);
  withExamples(resume, [`rhythm workers resume 4f8c21aa`]);
  runs(resume, cli, async (call) => {
    const { drain } = await import("../drain.ts");
    return await drain(call, "resume");
  });
};
