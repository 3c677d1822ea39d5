import { type CommandModule, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm workers`: workers and their heartbeats. */
export const define: CommandModule["define"] = (command, cli) => {
  withDatabase(command);
  withExamples(command, [
    `rhythm workers`,
    `rhythm workers --json | jq '.workers[] | select(.running > 0) | .name'`,
  ]);
  runs(command, cli, async (call) => {
    const { listWorkers } = await import("../list_services.ts");
    await listWorkers(call);
  });
};
