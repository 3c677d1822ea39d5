import type { Command, Option } from "commander";
import type { MigrateOptions } from "../client/migrations.ts";
import { option } from "./command.ts";
import { ASSIGNMENT, type Kind, LINES, numberFrom, readAs } from "./kinds.ts";

/** A variable with its new value, as `--set` gives it. */
export function assignment(text: string): [string, unknown] {
  const [name] = text.split("=", 1) as [string];
  const value = text.slice(name.length + 1);
  try {
    return [name, JSON.parse(value)];
  } catch {
    // A text without quotes, as a shell leaves it.
    return [name, value];
  }
}

/** The options of commands that change a workflow. */
export interface ChangeFlags {
  set?: readonly string[];
  fibre?: number;
  note?: string;
  dryRun?: boolean;
}

/** Adds the options of commands that change a workflow. */
export function withChanges(command: Command): void {
  command
    .addOption(
      several("--set <variable=json>", "a new value of a variable; may be given several times", ASSIGNMENT),
    )
    .addOption(
      option("--fibre <number>", "the branch whose variables they are, counted from 0", numberFrom(0)),
    )
    .addOption(option("--note <text>", "why; it is kept in the history"));
}

/** The options of commands that move workflows to another version. */
export interface MigrationFlags extends ChangeFlags {
  to?: number;
  map?: readonly string[];
  likely?: boolean;
  resume?: boolean;
}

/** The options of `rhythm fork`. */
export interface ForkFlags extends MigrationFlags {
  inputs?: string;
}

/** Adds the options of commands that move workflows to another version. */
export function withMigration(command: Command): void {
  command
    .addOption(option("--to <version>", "the version of the flow"))
    .addOption(several("--map <line=line>", "a line of the old version, and where to go on", LINES))
    .addOption(option("--likely", "also where it is only likely"));
}

/** What the options say, in the names of requests. */
export function migrationOf(flags: MigrationFlags): MigrateOptions {
  return {
    ...(flags.to !== undefined && { to: flags.to }),
    ...(flags.map !== undefined && {
      map: Object.fromEntries(
        flags.map.map((text) => text.split("=") as [string, string]).map(([a, b]) => [a, Number(b)]),
      ),
    }),
    ...(flags.likely && { accept: "likely" as const }),
    ...(flags.set !== undefined && { set: Object.fromEntries(flags.set.map(assignment)) }),
    ...(flags.fibre !== undefined && { fibre: flags.fibre }),
    ...(flags.note !== undefined && { note: flags.note }),
  };
}

/** An option that may be given several times. */
function several(flags: string, about: string, kind: Kind): Option {
  const made = option(flags, about, kind);
  const [name] = flags.split(" ", 1) as [string];
  made.argParser((
    text: string,
    before: readonly string[] = [],
  ) => [...before, readAs(text, name, kind) as string]);
  return made;
}
