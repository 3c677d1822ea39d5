import type { Command } from "commander";
import { addSub, type Cli, operand, option, repeated, runs, withExamples, withJson } from "../command.ts";
import type { RunFlags } from "../flow/run_flow.ts";

/** `rhythm flow run`: runs a flow in this process, without a database. */
export function defineRun(group: Command, cli: Cli): void {
  const command = addSub(
    group,
    "run",
    cli.terminal,
    "Run a flow here, without a database; nothing is durable.",
  )
    .addArgument(operand("<file>", "the flow; children are looked for beside it"))
    .addArgument(operand("[inputs]", "JSON; @file reads a file, - standard input"))
    .addOption(repeated("-t, --tasks <module>", "TypeScript that exports tasks, or functions by their names"))
    .addOption(
      option("-a, --answers <file>", "JSON: what tasks and signals give (see docs/reference/cli.md)"),
    )
    .addOption(
      repeated("-s, --signal <name=json>", "a signal that has already been sent; can be repeated"),
    )
    .addOption(option("--real-time", "really wait for timers (default: the clock jumps)"))
    .addOption(option("--now <time>", "what time it is at the beginning"))
    .addOption(option("--quiet", "print the result only"));
  withJson(command);
  withExamples(command, [
    `rhythm flow run flows/hello.flow '{"name": "Ada"}' --tasks tasks.ts`,
    `rhythm flow run approve.flow -a answers.json -s 'approval={"ok": true}'`,
  ]);
  command.addHelpText(
    "after",
    "\nWhat nothing answers is asked for here. Exit codes: 0 completed, 1 failed",
  );
  runs<RunFlags>(command, cli, async (call) => {
    const { runFlow } = await import("../flow/run_flow.ts");
    return await runFlow(call);
  });
}
