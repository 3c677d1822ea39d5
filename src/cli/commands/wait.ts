import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm wait`: waits for executions to end. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id...>", "the executions"))
    .addOption(option("-t, --timeout <duration>", "give up after: 90s, 1h (default: never)"));
  withDatabase(command);
  withExamples(command, [
    `rhythm wait 0199c3f2-… && echo completed`,
    `rhythm wait $(rhythm queue import_file @file.json) --timeout 10m`,
  ]);
  command.addHelpText("after", "\nExit codes: 0 all completed, 1 one failed or was cancelled, 5 timeout");
  runs<{ timeout?: string }>(command, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    const { wholeIds } = await import("../short_id.ts");
    const { tellEnds, waitForAll } = await import("../waiting.ts");
    await using session = await openSession(call.options);
    return tellEnds(await waitForAll(session, await wholeIds(session, call.args), call), call);
  });
};
