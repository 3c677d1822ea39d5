import { type Command, Option } from "commander";
import type { StartOptions } from "../define/mod.ts";
import {
  fits,
  type OptionEntry,
  type OptionScope,
  optionsIn,
  type OptionType,
  wantedBy,
} from "../shared/options.ts";
import { CliError } from "./cli_error.ts";
import { option } from "./command.ts";
import { ofType } from "./kinds.ts";
import { readJsonObject } from "./json_text.ts";
import type { Session } from "./session.ts";

/** How an execution is started, as flags say it: the table of options says which there are. */
export type StartFlags = Record<string, unknown> & {
  /** Whether to wait for the end. */
  wait?: boolean;
};

/** Adds the flags of what a schedule, or a start, can say about an execution. */
export function withOptions(command: Command, scope: OptionScope): Command {
  for (const { flag, help, type } of optionsIn(scope)) command.addOption(option(flag!, help, ofType(type)));
  return command;
}

/** Adds the options of a start. */
export function withStartOptions(command: Command): Command {
  return withOptions(command, "start").addOption(
    option("-w, --wait", "wait for the end, and print the result"),
  );
}

/** The options of a start, or of what a schedule starts, from flags. */
export async function optionsOf(flags: Record<string, unknown>, scope: OptionScope): Promise<StartOptions> {
  const options: Record<string, unknown> = {};
  for (const entry of optionsIn(scope)) {
    const { long, name } = flagOf(entry);
    const value = flags[name];
    if (value !== undefined) options[entry.name] = await withJson(entry.type, value, long);
  }
  return options;
}

/** Options with the whole id of the parent. The last 8 digits may have been given. */
export async function withWholeParent(session: Session, options: StartOptions): Promise<StartOptions> {
  const { parent } = options;
  return typeof parent === "string"
    ? { ...options, parent: await (await import("./short_id.ts")).wholeId(session, parent) }
    : options;
}

function flagOf({ flag }: OptionEntry): { long: string; name: string } {
  const made = new Option(flag!);
  return { long: made.long!, name: made.attributeName() };
}

// JSON may stand in a file: it is read only now.
async function withJson(type: OptionType, given: unknown, flag: string): Promise<unknown> {
  if (type.kind !== "object" && type.kind !== "retry" && type.kind !== "parts") return given;
  const text = String(given);
  if (type.kind !== "retry" || !/^\s*-?\d+\s*$/.test(text)) return await readJsonObject(text, flag);
  if (fits(type, Number(text))) return Number(text);
  throw new CliError(`${flag} must be ${wantedBy(type)}, not "${text}"`);
}
