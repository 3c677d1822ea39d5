import type { Command } from "commander";
import { addSub, type Cli, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import type { HeatFlags } from "../flow/flow_heat.ts";
import { numberFrom, PAST } from "../kinds.ts";

/** `rhythm flow heat`: the text of a flow with what happened at its lines. */
export function defineHeat(group: Command, cli: Cli): void {
  const command = addSub(group, "heat", cli.terminal, "A flow with what happened at its lines.")
    .addArgument(operand("<flow>", "its name"))
    .addOption(option("--since <ago>", "not before (default: 24h)", PAST))
    .addOption(
      option("--to <version>", "the version (default: the current one)", numberFrom(1, 2 ** 31 - 1)),
    );
  withDatabase(command);
  withExamples(command, [
    `rhythm flow heat order`,
    `rhythm flow heat order --since 30d --json | jq '.lines[] | select(.failed > 0)'`,
  ]);
  command.addHelpText(
    "after",
    "\nMinutes are kept for a day, hours for 90 days. The times are how long workflows\nwaited in a line before they went on",
  );
  runs<HeatFlags>(command, cli, async (call) => {
    const { showHeat } = await import("../flow/flow_heat.ts");
    await showHeat(call);
  });
}
