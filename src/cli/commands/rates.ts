import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";
import { oneOf, PAST } from "../kinds.ts";
import type { RateFlags } from "../rates.ts";

/** `rhythm rates`: what workers ended, and how long it took. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addOption(option("--by <span>", "a row for each: minute, hour", oneOf(["minute", "hour"])))
    .addOption(option("--since <ago>", "not before (default: 1h; by the hour 24h)", PAST))
    .addOption(option("-t, --target <name>", "the task or flow"))
    .addOption(option("-q, --queue <name>", "the queue"));
  withDatabase(command);
  withExamples(command, [
    `rhythm rates`,
    `rhythm rates --target charge --by minute --since 10m`,
    `rhythm rates --since 30d --json | jq '.rates[] | select(.failed > 0)'`,
  ]);
  command.addHelpText(
    "after",
    "\nMinutes are kept for a day, hours for 90 days. Times are of a task's attempts,\nand of a workflow's whole life",
  );
  runs<RateFlags>(command, cli, async (call) => {
    const { listRates } = await import("../rates.ts");
    await listRates(call);
  });
};
