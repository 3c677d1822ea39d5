import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm migrate`: installs or upgrades the schema. */
export const define: CommandModule["define"] = (command, cli) => {
  command.addOption(option("--sql", "print the SQL of a fresh installation, and do nothing"));
  withDatabase(command);
  withExamples(command, [
    `rhythm migrate --database postgres://owner@host/db`,
    `rhythm migrate --sql --schema jobs | psql -v ON_ERROR_STOP=1`,
  ]);
  runs<{ sql?: boolean }>(command, cli, async (call) => {
    const { migrate } = await import("../migrate.ts");
    await migrate(call);
  });
};
