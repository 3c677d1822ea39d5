import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";
import type { DashboardFlags } from "../dashboard.ts";

/** `rhythm dashboard`: the dashboard and the API, without a worker. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addOption(option("-p, --port <port>", "listen here (default: 8642, or a free one)"))
    .addOption(option("--hostname <address>", "listen on this address (default: 127.0.0.1)"));
  withDatabase(command);
  withExamples(command, [
    `rhythm dashboard -d postgres://viewer@host/app`,
    `RHYTHM_TOKEN=… rhythm dashboard --port 8080 --hostname 0.0.0.0`,
  ]);
  runs<DashboardFlags>(command, cli, async (call) => {
    const { dashboard } = await import("../dashboard.ts");
    return await dashboard(call);
  });
};
