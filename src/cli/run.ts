import { CATALOGUE } from "./catalogue.ts";
import { CliError } from "./cli_error.ts";
import type { Cli, Entry } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { frontPage } from "./front_page.ts";
import { reportError } from "./report_error.ts";
import { heedStrays, tellStray } from "./stray_errors.ts";
import { cut } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs one command line to its end.
 *
 * @param args what stands behind `rhythm`
 * @param terminal where it writes
 * @returns the exit code
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const cli: Cli = { terminal, catalogue: CATALOGUE, exit: EXIT.ok };
  const told = { terminal, json: args.includes("--json"), command: calledOf(args) };
  using _strays = heedStrays((error) => Deno.exit(reportError(tellStray(error), told)));
  try {
    await dispatch([...args], cli);
    return cli.exit;
  } catch (error) {
    if (isHelp(error)) return EXIT.ok;
    return reportError(error, told);
  }
}

async function dispatch(args: string[], cli: Cli): Promise<void> {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h") return frontPage(cli.terminal);
  if (first === "--version" || first === "-V") return await version(cli);
  if (first === "help") return await dispatch(rest.length === 0 ? [] : [...rest, "--help"], cli);
  const { newCommand } = await import("./command.ts");
  const entry = await find(first);
  const { define } = await entry.load();
  const command = newCommand(entry.name, cli.terminal).description(`${entry.summary}.`);
  define(command, cli);
  const root = newCommand("rhythm", cli.terminal).addCommand(command);
  await root.parseAsync([entry.name, ...rest], { from: "user" });
}

async function find(name: string): Promise<Entry> {
  const entry = CATALOGUE.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  if (name.startsWith("-")) {
    throw new CliError(
      `options stand behind the command: rhythm <command> ${cut(name, 40)}`,
      {
        hint: "`rhythm --help` shows the commands",
      },
    );
  }
  const { didYouMean } = await import("../shared/suggest.ts");
  const { describe } = await import("../shared/arguments.ts");
  const meant = didYouMean(name, CATALOGUE.map((one) => one.name)).trim();
  throw new CliError(`there is no command ${describe(name)}`, {
    hint: meant === "" ? "`rhythm --help` shows the commands" : meant.replace(/^D/, "d").replaceAll('"', "`"),
  });
}

async function version(cli: Cli): Promise<void> {
  const { libraryVersion } = await import("../db/schema_gen.ts");
  cli.terminal.print(`rhythm ${libraryVersion} (deno ${Deno.version.deno}, ${Deno.build.target})`);
}

// Groups have a second word: rhythm flow check.
function calledOf(args: readonly string[]): string {
  const known = CATALOGUE.some((one) => one.name === args[0]);
  const second = /^[a-z][a-z-]*$/.test(args[1] ?? "") && ["flow", "queues", "schedules"].includes(args[0]!);
  return ["rhythm", ...(known ? args.slice(0, second ? 2 : 1) : [])].join(" ");
}

function isHelp(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "commander.helpDisplayed" || error.code === "commander.help");
}
