import { type CommandModule, option, repeated, runs, withDatabase, withExamples } from "../command.ts";
import type { DevFlags } from "../dev/dev.ts";

/** `rhythm dev`: a database, a worker and HTTP in one process, reloaded on change. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addOption(repeated("--flows <path>", "flows: a directory or file (default: flows/)"))
    .addOption(repeated("--tasks <module>", "tasks: a module that exports them (default: tasks.ts)"))
    .addOption(option("-q, --queues <names>", "serve these queues only, with commas"))
    .addOption(option("-c, --concurrency <number>", "how many handlers run at once"))
    .addOption(option("-p, --port <port>", "for HTTP (default: 8642, or a free one)"))
    .addOption(option("--no-watch", "do not reload on change"));
  withDatabase(command);
  withExamples(command, [
    `rhythm dev`,
    `rhythm dev --database postgres://localhost/app --tasks src/jobs.ts`,
    `rhythm start hello '{"name": "Ada"}'    # in a second terminal, same project`,
  ]);
  runs<DevFlags>(command, cli, async (call) => {
    const { dev } = await import("../dev/dev.ts");
    return await dev(call);
  });
};
