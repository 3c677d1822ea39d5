import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm adopt`: lets everything run in a copy of a database, or where one was moved to. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addOption(option("--environment <name>", "the environment to which it belongs from now on"))
    .addOption(option("--upgraded", "the server was upgraded: refuse if more than that differs"));
  withDatabase(command);
  withExamples(command, [
    `rhythm adopt --environment staging`,
    `rhythm adopt --upgraded --database postgres://owner@host/db`,
  ]);
  command.addHelpText(
    "after",
    "\nWhat is unfinished goes on then. Pause or cancel first what must not.",
  );
  runs<{ environment?: string; upgraded?: boolean }>(command, cli, async (call) => {
    const { openSession } = await import("../session.ts");
    const { adopt } = await import("../../db/calls/home.ts");
    await using session = await openSession(call.options);
    const { environment, upgraded } = call.options;
    const said = await session.core.retried(() => adopt(session.engine, { environment, upgraded }));
    call.terminal.print(call.json ? JSON.stringify({ said }) : said);
  });
};
