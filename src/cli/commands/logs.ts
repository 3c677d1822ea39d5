import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { numberFrom } from "../kinds.ts";
import type { LogFlags } from "../show_logs.ts";

/** `rhythm logs`: what executions said. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("[id]", "an execution and all below it (default: everything)"))
    .addOption(option("-f, --follow", "continue until the execution has ended, or Ctrl-C"))
    .addOption(option("--level <level>", "this level and worse", ["debug", "info", "warn", "error"]))
    .addOption(
      option("-n, --limit <number>", "how many lines to begin with", numberFrom(1, 10_000)).default(200),
    );
  withDatabase(command);
  withExamples(command, [
    `rhythm logs 0199c3f2-… -f`,
    `rhythm logs --level warn -n 50`,
    `rhythm logs -f --json | jq -r .message`,
  ]);
  runs<LogFlags>(command, cli, async (call) => {
    const { showLogs } = await import("../show_logs.ts");
    await showLogs(call);
  });
};
