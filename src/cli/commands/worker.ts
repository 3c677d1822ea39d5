import { WORKER_DEFAULTS } from "../../shared/limits.ts";
import { type CommandModule, option, repeated, runs, withDatabase, withExamples } from "../command.ts";
import type { WorkerFlags } from "../work.ts";

/** `rhythm worker`: a worker of this project. */
export const define: CommandModule["define"] = (command, cli) => {
  const { concurrency, graceMs, hostname } = WORKER_DEFAULTS;
  command
    .addOption(repeated("--flows <path>", "flows to register: a directory or file (default: flows/)"))
    .addOption(repeated("--tasks <module>", "tasks: a module that exports them (default: tasks.ts)"))
    .addOption(option("-q, --queues <names>", "serve these queues only, with commas"))
    .addOption(
      option("-c, --concurrency <number>", `how many handlers run at once (default: ${concurrency})`),
    )
    .addOption(option("-p, --port <port>", "serve health, readiness, metrics and the API here"))
    .addOption(option("--hostname <address>", `listen on this address (default: ${hostname})`))
    .addOption(option("--name <name>", "what lists show (default: host and process)"))
    .addOption(
      option("--grace <duration>", `how long handlers may finish at shutdown (default: ${graceMs / 1000}s)`),
    )
    .addOption(
      option("--log <levels>", "what is logged: info, or info,task=warn (default: RHYTHM_LOG, else info)"),
    )
    .addOption(option("--no-migrate", "leave the schema as it is"));
  withDatabase(command);
  withExamples(command, [
    `rhythm worker -d postgres://worker@host/app --port 8080 --hostname 0.0.0.0`,
    `rhythm worker --queues mail,images --concurrency 20`,
  ]);
  command.addHelpText(
    "after",
    "\nSIGINT or SIGTERM: it stops claiming, lets handlers finish, and exits with 0",
  );
  runs<WorkerFlags>(command, cli, async (call) => {
    const { work } = await import("../work.ts");
    return await work(call);
  });
};
