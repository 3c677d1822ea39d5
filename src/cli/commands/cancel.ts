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
    `rhythm cancel $(rhythm list --target import --status pending --json | jq -r '.executions[].id')`,
  ]);
  command.addHelpText("after", "\nExit codes: 0 all are being cancelled, 1 one was over already");
  runs<{ reason?: string }>(command, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    await using session = await openSession(call.options);
    const told: { id: string; cancelled: boolean }[] = [];
    for (const id of call.args) {
      const { reason } = call.options;
      const cancelled = await session.executions.cancel(id, reason === undefined ? {} : { reason });
      told.push({ id, cancelled });
    }
    if (call.json) call.terminal.print(JSON.stringify(told));
    else {for (const { id, cancelled } of told) {
        call.terminal.print(`${id} ${cancelled ? "cancelled" : "was over already"}`);
      }}
    return told.every((one) => one.cancelled) ? EXIT.ok : EXIT.no;
  });
};
