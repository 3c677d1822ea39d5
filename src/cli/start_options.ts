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
import { readJsonObject } from "./json_text.ts";

/** How an execution is started, as flags say it: the table of options says which there are. */
export type StartFlags = Record<string, unknown> & {
  /** Whether to wait for the end. */
  wait?: boolean;
};

/** Adds the flags of what a schedule, or a start, can say about an execution. */
export function withOptions(command: Command, scope: OptionScope): Command {
  for (const { flag, help } of optionsIn(scope)) command.addOption(option(flag!, help));
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
    const text = flags[name];
    if (typeof text === "string") options[entry.name] = await readFlag(entry.type, text, long);
  }
  return options;
}

/** A moment from a flag: ISO 8601, or how long ago as a duration. */
export function moment(text: string, flag: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new CliError(`${flag} must be a moment such as 2026-01-31T08:00:00Z, not "${text}"`);
}

function flagOf({ flag }: OptionEntry): { long: string; name: string } {
  const made = new Option(flag!);
  return { long: made.long!, name: made.attributeName() };
}

async function readFlag(type: OptionType, text: string, flag: string): Promise<unknown> {
  const value = await valueOf(type, text, flag);
  if (fits(type, value)) return value;
  throw new CliError(`${flag} must be ${wantedBy(type)}, not "${text}"`);
}

async function valueOf(type: OptionType, text: string, flag: string): Promise<unknown> {
  switch (type.kind) {
    case "number":
      return text.trim() === "" ? NaN : Number(text);
    case "object":
      return await readJsonObject(text, flag);
    case "retry":
      return /^\s*-?\d+\s*$/.test(text) ? Number(text) : await readJsonObject(text, flag);
    default:
      return text;
  }
}
