import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import type { PauseFlags } from "../pauses.ts";

/** `rhythm resume`: ends pauses. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("[id...]", "executions"))
    .addOption(option("-t, --task <name>", "a task, in all queues"))
    .addOption(option("--flow <name>", "a flow, in all queues"))
    .addOption(option("-q, --queue <name>", "a queue"))
    .addOption(option("--key <key>", "with --queue: only this concurrency key"))
    .addOption(option("--everything", "everything"));
  withDatabase(command);
  withExamples(command, [
    `rhythm resume 0199c3f2-…`,
    `rhythm resume --everything`,
  ]);
  runs<PauseFlags>(command, cli, async (call) => {
    const { changePauses } = await import("../pauses.ts");
    return await changePauses(call, "resume");
  });
};
