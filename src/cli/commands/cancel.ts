import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";
import { EXIT } from "../exit_codes.ts";

/** `rhythm cancel`: cancels executions and their children. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id...>", "the executions"))
    .addOption(option("--reason <text>", "why; kept with the execution"));
  withDatabase(command);
  withExamples(command, [
    `rhythm cancel 0199c3f2-… --reason "ordered by mistake"`,
    `rhythm operations cancel -t import   # many at once`,
  ]);
  command.addHelpText("after", "\nExit codes: 0 all are being cancelled, 1 one had already ended");
  runs<{ reason?: string }>(command, cli, async (call) => {
    const { eachId } = await import("../each_id.ts");
    const { openSession } = await import("../session.ts");
    await using session = await openSession(call.options);
    const { reason } = call.options;
    const told = await eachId(call, session, async (id) => {
      const cancelled = await session.executions.cancel(id, reason === undefined ? {} : { reason });
      return { told: { id, cancelled }, line: `${id} ${cancelled ? "cancelled" : "was over already"}` };
    });
    return told.every((one) => one.cancelled) ? EXIT.ok : EXIT.no;
  });
};
