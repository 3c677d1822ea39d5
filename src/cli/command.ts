import { Argument, Command, type Help, Option } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { Interrupted } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";
import { type Kind, kindNamed, oneOf, readAs } from "./kinds.ts";
import type { Terminal } from "./terminal.ts";

/** A file of `commands/`: it says what the command takes, and what runs when it is called. */
export interface CommandModule {
  /** Describes the command, and attaches what it does. */
  readonly define: (command: Command, cli: Cli) => void;
}

/** A command as the front page knows it; its module is loaded when it is asked for. */
export interface Entry {
  /** Its name. */
  readonly name: string;
  /** The heading it stands under. */
  readonly group: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** Loads it. */
  readonly load: () => Promise<CommandModule>;
}

/** What every command can build on. */
export interface Cli {
  /** Where it writes. */
  readonly terminal: Terminal;
  /** Every command there is. */
  readonly catalogue: readonly Entry[];
  /** Keeps the exit code of the command that ran. */
  exit: number;
}

/** One call of a command, as its code sees it. */
export interface Call<Options extends object = object> {
  /** Where it writes. */
  readonly terminal: Terminal;
  /** Its operands. */
  readonly args: readonly string[];
  /** Its options. */
  readonly options: Options & CommonOptions;
  /** Whether programs read what it writes. */
  readonly json: boolean;
  /** Fires at Ctrl-C; from the first use on, Ctrl-C no longer ends the process by itself. */
  readonly signal: AbortSignal;
}

/** What every command that looks into a database takes. */
export interface CommonOptions {
  /** Where the database is. */
  database?: string;
  /** The engine's schema. */
  schema?: string;
  /** Write JSON. */
  json?: boolean;
}

/**
 * Writes an option as commander wants it.
 *
 * @param flags its flags; the word in angle brackets says what it takes
 * @param words what it does
 * @param takes the words to choose from, or what it takes where the word in angle brackets does not say it all
 */
export function option(flags: string, words: string, takes?: readonly string[] | Kind): Option {
  const made = new Option(flags, words);
  const kind = kindOf(flags, takes);
  if (kind === undefined) return made;
  if (kind.words !== undefined && takes !== kind) made.choices([...kind.words]);
  return made.argParser((text: string) => readAs(text, made.long!, kind));
}

/** An operand: `<id>`, `[inputs]`, `<id...>`. Its code gets the text. */
export function operand(name: string, words: string, choices?: readonly string[]): Argument {
  const made = new Argument(name, words);
  const kind = kindOf(name, choices)!;
  if (choices !== undefined) made.choices([...choices]);
  return made.argParser((text: string) => readAs(text, `<${made.name()}>`, kind));
}

/** An option that can stand several times. */
export function repeated(flags: string, words: string): Option {
  const made = new Option(flags, words);
  const kind = kindOf(flags)!;
  return made.argParser((text: string, before: unknown[] | undefined) => [
    ...(before ?? []),
    readAs(text, made.long!, kind),
  ]);
}

function kindOf(flags: string, takes?: readonly string[] | Kind): Kind | undefined {
  const word = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1];
  if (word === undefined) return undefined;
  if (takes === undefined) return kindNamed(word);
  return "read" in takes ? takes : oneOf(takes);
}

/** Adds the options of commands that look into a database. */
export function withDatabase(command: Command): Command {
  return withJson(
    command
      .addOption(
        common(
          "-d, --database <url>",
          "postgres://… or a directory (default: finds it)",
        ),
      )
      .addOption(common("--schema <schema>", "where Rhythm is installed (default: rhythm)")),
  );
}

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.addOption(common("--json", "write JSON, for programs"));
}

/** Adds examples below the help. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText("after", ["\nExamples:", ...examples.map((line) => `  ${line}`)].join("\n"));
}

/** Attaches what a command does. */
export function runs<Options extends object>(
  command: Command,
  cli: Cli,
  work: (call: Call<Options>) => Promise<number | void>,
): Command {
  return command.action(async () => {
    const options = command.opts<Options & CommonOptions>();
    const interrupts = new Interrupts();
    try {
      const exit = await work({
        terminal: cli.terminal,
        args: command.args,
        options,
        json: options.json === true,
        get signal() {
          return interrupts.signal;
        },
      });
      cli.exit = exit ?? EXIT.ok;
    } catch (error) {
      throw interrupts.reason ?? error;
    } finally {
      interrupts.close();
    }
  });
}

/** A new command. It throws its errors, and shows its help as all others do. */
export function newCommand(name: string, terminal: Terminal): Command {
  return new Command(name)
    .exitOverride()
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .helpOption("-h, --help", "show this")
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.write(text),
      outputError: () => {},
      getOutHelpWidth: () => Math.min(terminal.columns, 80),
      getErrHelpWidth: () => Math.min(terminal.columns, 80),
      getOutHasColors: () => terminal.colours,
      getErrHasColors: () => terminal.colours,
    })
    .configureHelp({
      styleTitle: (text) => terminal.paint("bold", text),
      optionDescription: describeOption,
      subcommandTerm: describeSub,
      visibleOptions: visibleOptions,
    });
}

/** Adds a command below a group such as `flow` or `queues`. */
export function addSub(group: Command, name: string, terminal: Terminal, words: string): Command {
  const made = newCommand(name, terminal).description(words);
  group.addCommand(made);
  return made;
}

function common(flags: string, words: string): Option {
  return option(flags, words).helpGroup("Common options:");
}

function describeOption({ description, argChoices, defaultValue }: Option): string {
  const usual = ["string", "number"].includes(typeof defaultValue) ? `default: ${defaultValue}` : "";
  const more = [argChoices?.join(", ") ?? "", usual].filter(Boolean).join("; ");
  return more === "" ? description : `${description} (${more})`;
}

// All of them have options. There is no room to say so.
function describeSub(command: Command): string {
  const operands = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}...` : one.name();
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...operands].join(" ");
}

// Help stands last, among what is common to all commands.
function visibleOptions(this: Help, command: Command): Option[] {
  const own = command.options.filter((one) => !one.hidden);
  return [...own, common("-h, --help", "show this")];
}

// `deno task` passes a Ctrl-C on to the command, which has heard it from the terminal already. So soon it is no second one.
const SAME_MS = 1_000;

/** Ctrl-C and SIGTERM, as an abort signal. */
class Interrupts {
  reason: Interrupted | undefined;
  #at = 0;
  #controller: AbortController | undefined;
  readonly #listeners: [Deno.Signal, () => void][] = [];

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#listen("SIGINT", EXIT.interrupted);
      if (Deno.build.os !== "windows") this.#listen("SIGTERM", EXIT.terminated);
    }
    return this.#controller.signal;
  }

  close(): void {
    for (const [signal, heard] of this.#listeners) Deno.removeSignalListener(signal, heard);
  }

  #listen(signal: Deno.Signal, exit: number): void {
    const heard = (): void => {
      const now = systemClock.monotonic();
      if (this.reason !== undefined) {
        if (now - this.#at > SAME_MS) Deno.exit(exit);
        return;
      }
      this.#at = now;
      this.reason = new Interrupted(exit);
      this.#controller?.abort(this.reason);
    };
    Deno.addSignalListener(signal, heard);
    this.#listeners.push([signal, heard]);
  }
}
