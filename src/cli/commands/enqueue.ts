import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";
import { type StartFlags, withStartOptions } from "../start_options.ts";

/** `rhythm enqueue`: queues a task. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<task>", "the task's name"))
    .addArgument(operand("[inputs]", "JSON; @file reads a file, - standard input"));
  withStartOptions(command);
  withDatabase(command);
  withExamples(command, [
    `rhythm enqueue send_email '{"to": "ada@example.org"}'`,
    `rhythm enqueue resize @image.json --queue images --priority 5`,
    `cat inputs.json | rhythm enqueue import_file - --wait`,
  ]);
  runs<StartFlags>(command, cli, async (call) => {
    const { startExecution } = await import("../start_execution.ts");
    return await startExecution("task", call);
  });
};
