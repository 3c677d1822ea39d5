import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm retry`: runs failed or cancelled executions again. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addArgument(operand("<id...>", "failed or cancelled executions"));
  withDatabase(command);
  withExamples(command, [
    `rhythm retry 0199c3f2-…`,
    `rhythm operations retry -s failed -t charge   # many at once`,
  ]);
  command.addHelpText("after", "\nA workflow continues from its last step, a task starts again");
  runs(command, cli, async (call) => {
    const { eachId } = await import("../each_id.ts");
    const { openSession } = await import("../session.ts");
    await using session = await openSession(call.options);
    await eachId(call, session, async (id) => {
      await session.executions.retry(id);
      return { told: { id, retried: true }, line: `${id} goes on` };
    });
  });
};
