/**
 * The `rhythm` command: everything one does with Rhythm from a terminal or a script.
 *
 * ```sh
 * deno run -A jsr:@rhythm/core/cli --help
 * ```
 *
 * ```ts
 * import { main } from "@rhythm/core/cli";
 *
 * async function version(): Promise<number> {
 *   return await main(["--version"]);
 * }
 * ```
 *
 * @module
 */
import { run } from "./run.ts";
import { systemTerminal } from "./terminal.ts";

/**
 * Runs one command line to its end, on this process's terminal.
 *
 * @param args what stands behind `rhythm`
 * @returns the exit code: 0 done; 1 done, and the answer is no; 2 wrong use; 3 not found; 4 no database; 5 too late;
 * 130 Ctrl-C
 */
export async function main(args: readonly string[]): Promise<number> {
  if (!Array.isArray(args)) await refuse(args);
  return await run(args, systemTerminal());
}

async function refuse(args: unknown): Promise<void> {
  const { ARRAY, checkArgument } = await import("../define/mod.ts");
  checkArgument(args, { argument: "args", type: ARRAY, where: "main()" });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
