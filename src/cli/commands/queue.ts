import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";
import { type StartFlags, withStartOptions } from "../start_options.ts";

/** `rhythm queue`: queues a task. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<task>", "the task's name"))
    .addArgument(operand("[inputs]", "JSON; @file reads a file, - standard input"));
  withStartOptions(command);
  withDatabase(command);
  withExamples(command, [
    `rhythm queue send_email '{"to": "ada@example.org"}'`,
    `rhythm queue resize @image.json --queue images --priority 5`,
    `cat inputs.json | rhythm queue import_file - --wait`,
  ]);
  command.addHelpText("after", "\nExit codes: 0 queued; with --wait: 0 completed, 1 failed or cancelled");
  runs<StartFlags>(command, cli, async (call) => {
    const { startExecution } = await import("../start_execution.ts");
    return await startExecution("task", call);
  });
};
