import type { Command } from "commander";
import { type Cli, newCommand } from "../command.ts";

/** An option as a shell completes it. */
export interface CompletedOption {
  /** `--status`. */
  long: string;
  /** `-s`. */
  short: string | undefined;
  /** Whether a value follows. */
  takesValue: boolean;
  /** The values, where they are known. */
  values: readonly string[];
  /** What it does. */
  words: string;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  /** The words that lead to it: `flow check`; empty: `rhythm` itself. */
  path: string;
  /** What may follow: commands, or the known values of its first operand. */
  next: { name: string; words: string }[];
  /** Its options. */
  options: CompletedOption[];
}

/** Every command with its options, as the modules of the commands say. */
export async function completionModel(cli: Cli): Promise<CompletedCommand[]> {
  const model: CompletedCommand[] = [{
    path: "",
    next: cli.catalogue.map(({ name, summary }) => ({ name, words: summary })),
    options: [helpOption(), { ...helpOption(), long: "--version", short: "-V", words: "show the version" }],
  }];
  for (const { name, load } of cli.catalogue) {
    const command = newCommand(name, cli.terminal);
    (await load()).define(command, cli);
    model.push(...modelOf(command, name));
  }
  return model;
}

function modelOf(command: Command, path: string): CompletedCommand[] {
  const subs = command.commands.map((sub) => ({ name: sub.name(), words: sub.description() }));
  const values = command.registeredArguments[0]?.argChoices ?? [];
  const options = command.options.map((option) => ({
    long: option.long ?? option.flags,
    short: option.short,
    takesValue: option.required || option.optional,
    values: option.argChoices ?? [],
    words: option.description,
  }));
  const next = [...subs, ...values.map((name) => ({ name, words: "" }))];
  return [
    { path, next, options: [...options, helpOption()] },
    ...command.commands.flatMap((sub) => modelOf(sub, `${path} ${sub.name()}`)),
  ];
}

function helpOption(): CompletedOption {
  return { long: "--help", short: "-h", takesValue: false, values: [], words: "show help" };
}
