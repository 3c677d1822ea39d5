import { type CommandModule, operand, option, runs, withExamples, withJson } from "../command.ts";

/** `rhythm init`: a new project. */
export const define: CommandModule["define"] = (command, cli) => {
  command
    .addArgument(operand("[directory]", "where (default: here)"))
    .addOption(option("--force", "also in a directory with files; existing files are kept"));
  withJson(command);
  withExamples(command, [`rhythm init hello && cd hello && deno task dev`, `rhythm init --force`]);
  runs<{ force?: boolean }>(command, cli, async (call) => {
    const { init } = await import("../init/init.ts");
    return await init(call);
  });
};
