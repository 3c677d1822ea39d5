import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm ask`: sends a signal to a workflow, and waits for the answer. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "the execution"))
    .addArgument(operand("<name>", "the signal's name"))
    .addArgument(operand("[payload]", "JSON; @file reads a file, - standard input"))
    .addOption(option("--key <key>", "idempotency key: the same key has the same answer"))
    .addOption(option("-t, --timeout <duration>", "give up after: 90s, 1h (default: never)"));
  withDatabase(command);
  withExamples(command, [
    `rhythm ask 0199c3f2-… quote '{"item": "desk"}'`,
    `rhythm ask 0199c3f2-… quote '{"item": "desk"}' --key quote-77 --timeout 30s`,
  ]);
  command.addHelpText("after", "\nExit codes: 0 answered, 1 rejected, or ended without an answer, 5 timeout");
  runs<{ key?: string; timeout?: string }>(command, cli, async (call) => {
    const { askWorkflow } = await import("../ask.ts");
    return await askWorkflow(call);
  });
};
