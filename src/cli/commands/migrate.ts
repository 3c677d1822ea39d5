import { type CommandModule, option, runs, withDatabase, withExamples } from "../command.ts";

/** `rhythm migrate`: installs or upgrades the schema, or removes it. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addOption(
      option("--sql", "print the SQL of a fresh installation, and do nothing").conflicts("uninstall"),
    )
    .addOption(option("--uninstall", "remove the schema with everything in it"))
    .addOption(option("-y, --yes", "do not ask before --uninstall"));
  withDatabase(command);
  withExamples(command, [
    `rhythm migrate --database postgres://owner@host/db`,
    `rhythm migrate --sql --schema jobs | psql -v ON_ERROR_STOP=1`,
    `rhythm migrate --uninstall --schema jobs`,
  ]);
  command.addHelpText(
    "after",
    "\n--uninstall asks for the schema's name; without a terminal it needs --yes",
  );
  runs<{ sql?: boolean; uninstall?: boolean; yes?: boolean }>(command, cli, async (call) => {
    if (call.options.uninstall) {
      const { uninstall } = await import("../uninstall.ts");
      return await uninstall(call);
    }
    const { migrate } = await import("../migrate.ts");
    await migrate(call);
  });
};
