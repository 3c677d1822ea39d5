import { CliError } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";
import type { Project } from "./project.ts";

/** Queues and concurrency, as flags or `rhythm.json` say. */
export function workerOptions(
  project: Project,
  flags: { queues?: string[]; concurrency?: number },
): { queues?: string[]; concurrency?: number } {
  const queues = flags.queues ?? project.config.queues;
  const concurrency = flags.concurrency ?? project.config.concurrency;
  return {
    ...(queues === undefined ? {} : { queues }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** That a project has neither flows nor tasks. */
export function nothingToDo(root: string): CliError {
  return new CliError(`there is nothing to work on: no flows/ and no tasks.ts in ${root}`, {
    exit: EXIT.notFound,
    code: "NOT_FOUND",
    hint: "`rhythm init` makes a project; --flows and --tasks name other places",
  });
}
