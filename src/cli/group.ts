import type { Command } from "commander";
import { describe } from "../shared/arguments.ts";
import { didYouMean } from "../shared/suggest.ts";
import { CliError } from "./cli_error.ts";

/**
 * Makes a command one that has commands of its own.
 *
 * @param command the group
 * @param usual the command that is meant when none is named; without it, the group shows its help
 */
export function asGroup(command: Command, usual?: string): void {
  command.usage("<command> [options]").allowExcessArguments(true).allowUnknownOption(true);
  command.action(async () => {
    const [name, ...rest] = command.args;
    const known = command.commands.map((one) => one.name());
    if (name === undefined || name.startsWith("-")) {
      if (usual === undefined) return command.help();
      const chosen = command.commands.find((one) => one.name() === usual)!;
      await chosen.parseAsync(name === undefined ? [] : [name, ...rest], { from: "user" });
      return;
    }
    const meant = didYouMean(name, known).trim();
    throw new CliError(`\`rhythm ${command.name()}\` has no command ${describe(name)}`, {
      hint: meant === "" ? `it has ${known.join(", ")}` : meant.replace(/^D/, "d").replaceAll('"', "`"),
    });
  });
}
