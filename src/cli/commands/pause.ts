import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import type { PauseFlags } from "../pauses.ts";

/** `rhythm pause`: keeps executions, tasks, flows, queues or everything from continuing; lists what is paused. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("[id...]", "executions; nothing at all: list what is paused"))
    .addOption(option("-t, --task <name>", "a task, in all queues"))
    .addOption(option("--flow <name>", "a flow, in all queues"))
    .addOption(option("-q, --queue <name>", "a queue"))
    .addOption(option("--key <key>", "with --queue: only this concurrency key"))
    .addOption(option("--everything", "everything"))
    .addOption(option("--reason <text>", "why; kept with the pause"));
  withDatabase(command);
  withExamples(command, [
    `rhythm pause 0199c3f2-… --reason "look at it first"`,
    `rhythm pause --task send_mail`,
    `rhythm pause`,
  ]);
  runs<PauseFlags>(command, cli, async (call) => {
    const { changePauses } = await import("../pauses.ts");
    return await changePauses(call, "pause");
  });
};
