import type { AuditFlags } from "../audit.ts";
import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";
import { numberFrom } from "../kinds.ts";

/** `rhythm audit`: what people did, and who. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addOption(option("--by <text>", "by this token or role"))
    .addOption(option("--act <text>", "what was done: pause, retry, set …"))
    .addOption(option("--kind <text>", "to what: execution, queue, schedule …"))
    .addOption(option("--target <text>", "its id or name"))
    .addOption(option("-n, --limit <number>", "how many", numberFrom(1, 1_000)).default(50));
  withDatabase(command);
  withExamples(command, [
    `rhythm audit`,
    `rhythm audit --kind queue --target mail`,
    `rhythm audit --by support --json | jq '.acts[].act'`,
  ]);
  command.addHelpText(
    "after",
    "\nStarts, signals and cancellations are recorded if somebody was named who did\nthem",
  );
  runs<AuditFlags>(command, cli, async (call) => {
    const { listAudit } = await import("../audit.ts");
    await listAudit(call);
  });
};
