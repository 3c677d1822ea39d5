import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";
import { type StartFlags, withStartOptions } from "../start_options.ts";

/** `rhythm start`: starts a workflow. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<workflow>", "the flow's name"))
    .addArgument(operand("[inputs]", "JSON; @file reads a file, - standard input"));
  withStartOptions(command);
  withDatabase(command);
  withExamples(command, [
    `rhythm start onboard_user '{"userId": "123"}'`,
    `rhythm start daily_report @inputs.json --delay 1h --key "report-$(date +%F)"`,
    `rhythm start process_order '{"orderId": "1042"}' --wait`,
  ]);
  command.addHelpText("after", "\nExit codes: 0 started, 3 no such flow; with --wait: 0 completed, 1 not");
  runs<StartFlags>(command, cli, async (call) => {
    const { startExecution } = await import("../start_execution.ts");
    return await startExecution("workflow", call);
  });
};
