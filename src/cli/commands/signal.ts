import { type CommandModule, operand, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm signal`: sends a signal to a workflow. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("<id>", "the execution"))
    .addArgument(operand("<name>", "the signal's name"))
    .addArgument(operand("[payload]", "JSON; @file reads a file, - standard input"))
    .addOption(option("--key <key>", "idempotency key: the same key sends once"));
  withDatabase(command);
  withExamples(command, [
    `rhythm signal 0199c3f2-… email-confirmed`,
    `rhythm signal 0199c3f2-… approval '{"approved": true}' --key mail-77`,
  ]);
  runs<{ key?: string }>(command, cli, async (call) => {
    const { readJson } = await import("../json_text.ts");
    const { openSession } = await import("../session.ts");
    const { wholeId } = await import("../short_id.ts");
    const [id = "", name = "", given] = call.args;
    const payload = given === undefined ? null : await readJson(given, "the payload");
    const { key } = call.options;
    await using session = await openSession(call.options);
    const execution = await wholeId(session, id);
    await session.signals.send({
      execution,
      name,
      payload,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    });
    call.terminal.print(
      call.json
        ? JSON.stringify({ execution, signal: name, sent: true })
        : `signal "${name}" is sent to ${execution}`,
    );
  });
};
