import type { WorkerInfo } from "../db/calls/state.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { openSession } from "./session.ts";
import { shortId } from "./short_id.ts";

/** Drains a worker, or lets it take what comes again. */
export async function drain(call: Call<{ reason?: string }>, verb: "drain" | "resume"): Promise<number> {
  const { args, options, terminal, json } = call;
  await using session = await openSession(options);
  const { id, name, running } = workerOf(await session.workers.list(), args[0]!);
  const { reason } = options;
  const changed = verb === "drain"
    ? await session.workers.drain(id, reason === undefined ? {} : { reason })
    : await session.workers.resume(id);
  if (json) terminal.print(JSON.stringify({ id, name, draining: verb === "drain", changed, running }));
  else terminal.print(`worker "${name}" ${outcomeOf(verb, { changed, running })}`);
  return changed ? EXIT.ok : EXIT.no;
}

function outcomeOf(
  verb: "drain" | "resume",
  { changed, running }: { changed: boolean; running: number },
): string {
  if (verb === "resume") return changed ? "takes what comes again" : "was not draining";
  if (!changed) return `is draining already: it still runs ${running}`;
  return running === 0
    ? "takes nothing new and holds nothing: it can be stopped"
    : `takes nothing new and ends the ${running} that it runs: \`rhythm workers\` shows how many are left`;
}

function workerOf(workers: readonly WorkerInfo[], given: string): WorkerInfo {
  const found = workers.filter(({ id, name }) => given === id || given === shortId(id) || given === name);
  const [one, ...others] = found;
  if (one === undefined) {
    throw new CliError(`there is no worker "${given}"`, {
      exit: EXIT.notFound,
      code: "RH004",
      hint: "`rhythm workers` shows those there are",
    });
  }
  if (others.length === 0) return one;
  throw new CliError(`several workers are named "${given}"`, {
    code: "AMBIGUOUS",
    hint: `give the id: ${found.map(({ id }) => id).join(", ")}`,
  });
}
