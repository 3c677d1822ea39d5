import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { libraryVersion } from "../../db/schema_gen.ts";
import { CliError } from "../cli_error.ts";
import type { Call } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { nearPath } from "../flow/read_flows.ts";
import { projectFiles } from "./templates.ts";

const UNIMPORTANT = new Set([".git", ".gitignore", ".DS_Store", "LICENSE"]);

/** Makes a new project: a flow, its tasks, a worker, a test. */
export async function init(call: Call<{ force?: boolean }>): Promise<void> {
  const { terminal, options } = call;
  const directory = resolve(call.args[0] ?? ".");
  const there = await contents(directory);
  const inTheWay = there.filter((name) => !UNIMPORTANT.has(name));
  if (inTheWay.length > 0 && !options.force) {
    throw new CliError(`${nearPath(directory)} is not empty: it holds ${someOf(inTheWay)}`, {
      exit: EXIT.no,
      code: "NOT_EMPTY",
      hint: "name a new directory: `rhythm init hello`; --force leaves what is there and adds the rest",
    });
  }
  const files = projectFiles({
    name: basename(directory),
    version: libraryVersion,
    checkout: checkout(directory),
  });
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    (await writeNew(join(directory, name), text) ? written : kept).push(name);
  }
  if (call.json) return terminal.print(JSON.stringify({ directory, written, kept }));
  for (const name of written) terminal.print(`${terminal.paint("good", "+")} ${name}`);
  for (const name of kept) terminal.print(terminal.paint("quiet", `= ${name} (was there)`));
  const enter = call.args[0] === undefined ? "" : `cd ${nearPath(directory)}\n  `;
  terminal.print(`
  ${enter}deno task dev        ${terminal.paint("quiet", "# a database, a worker and HTTP, in one process")}
  deno task test       ${terminal.paint("quiet", "# the same flow, tested on a database in memory")}`);
}

function someOf(names: readonly string[]): string {
  const more = names.length - 3;
  return names.slice(0, 3).join(", ") + (more > 0 ? `, and ${more} more` : "");
}

async function contents(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (error instanceof Deno.errors.NotADirectory) {
      throw new CliError(`${nearPath(directory)} is a file, not a directory`);
    }
    throw error;
  }
}

async function writeNew(path: string, text: string): Promise<boolean> {
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

// Run from a checkout of Rhythm, a new project uses that checkout instead of the published package.
function checkout(directory: string): string | undefined {
  if (Deno.build.standalone || !import.meta.url.startsWith("file:")) return undefined;
  const root = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
  const near = relative(directory, root);
  return near.startsWith(".") ? near : `./${near}`;
}
