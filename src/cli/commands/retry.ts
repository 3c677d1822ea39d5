import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm retry`: lets failed or cancelled executions go on. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addArgument(operand("<id...>", "failed or cancelled executions"));
  withDatabase(command);
  withExamples(command, [
    `rhythm retry 0199c3f2-…      # a workflow goes on where it stood, a task runs again`,
    `rhythm retry $(rhythm list --target send_email --status failed --json | jq -r '.executions[].id')`,
  ]);
  runs(command, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    await using session = await openSession(call.options);
    for (const id of call.args) {
      await session.executions.retry(id);
      if (!call.json) call.terminal.print(`${id} goes on`);
    }
    if (call.json) call.terminal.print(JSON.stringify(call.args.map((id) => ({ id, retried: true }))));
  });
};
