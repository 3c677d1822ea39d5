import type { Command } from "commander";
import { option } from "./command.ts";
import { ASSIGNMENT, numberFrom, readAs } from "./kinds.ts";

/** The options of commands that change a workflow. */
export interface ChangeFlags {
  set?: readonly string[];
  fibre?: number;
  note?: string;
  dryRun?: boolean;
}

/** Adds the options of commands that change a workflow. */
export function withChanges(command: Command): void {
  const set = option(
    "--set <variable=json>",
    "a new value of a variable; may be given several times",
    ASSIGNMENT,
  );
  set.argParser((text: string, before: readonly string[] = []) => [
    ...before,
    readAs(text, "--set", ASSIGNMENT) as string,
  ]);
  command
    .addOption(set)
    .addOption(
      option("--fibre <number>", "the branch whose variables they are, counted from 0", numberFrom(0)),
    )
    .addOption(option("--note <text>", "why; it is kept in the history"));
}
