import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { readStandardInput } from "./json_text.ts";
import { openSession } from "./session.ts";
import { wholeId } from "./short_id.ts";

/** Writes an execution with its whole history to a file. */
export async function exportExecution(
  { terminal, args, options, json }: Call<{ to?: string }>,
): Promise<void> {
  await using session = await openSession(options);
  const id = await wholeId(session, args[0]!);
  const file = await session.executions.export(id);
  if (options.to === undefined) return terminal.print(file);
  try {
    await Deno.writeTextFile(options.to, file + "\n");
  } catch (error) {
    throw new CliError(`Cannot write ${options.to}: ${reasonOf(error)}`);
  }
  terminal.print(json ? JSON.stringify({ id, file: options.to }) : `${id} is in ${options.to}`);
}

/** Stores an exported execution as a frozen copy. */
export async function importExecution({ terminal, args, options, json }: Call): Promise<void> {
  const file = await readFile(args[0]!);
  await using session = await openSession(options);
  const id = await session.executions.import(file);
  terminal.print(json ? JSON.stringify({ id }) : `${id} is here as a frozen copy: rhythm show ${id}`);
}

async function readFile(path: string): Promise<string> {
  if (path === "-") return await readStandardInput();
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new CliError(`There is no file ${path}`);
    throw new CliError(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/ \(os error.*/, "").toLowerCase() : String(error);
}
