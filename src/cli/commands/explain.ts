import { type CommandModule, operand, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm explain`: why an execution does not continue. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addArgument(operand("<id>", "the execution"));
  withDatabase(command);
  withExamples(command, [
    `rhythm explain 0199c3f2-…`,
    `rhythm explain 0199c3f2-… --json | jq -r '.[].reason'`,
  ]);
  runs(command, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    const { renderReasons } = await import("../show/render_reasons.ts");
    const { wrapped } = await import("../redraw.ts");
    const { wholeId } = await import("../short_id.ts");
    await using session = await openSession(call.options);
    const reasons = await session.executions.explain(await wholeId(session, call.args[0]!));
    call.terminal.print(
      call.json
        ? JSON.stringify(reasons)
        : wrapped(renderReasons(reasons, call.terminal).join("\n"), call.terminal),
    );
  });
};
