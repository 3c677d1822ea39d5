import { CliError } from "./cli_error.ts";
import { wholeNumber } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import type { Project } from "./project.ts";

/** Queues and concurrency, as flags or `rhythm.json` say. */
export function workerOptions(
  project: Project,
  flags: { queues?: string; concurrency?: string },
): { queues?: string[]; concurrency?: number } {
  const queues = flags.queues?.split(",").map((one) => one.trim()).filter(Boolean) ?? project.config.queues;
  const concurrency = flags.concurrency === undefined
    ? project.config.concurrency
    : wholeNumber(flags.concurrency, "--concurrency");
  return {
    ...(queues === undefined ? {} : { queues }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** A port, as a flag says it; 0: a free one. */
export function portOf(flag: string): number {
  return wholeNumber(flag, "--port", { least: 0, most: 65_535 });
}

/** That a project has neither flows nor tasks. */
export function nothingToDo(root: string): CliError {
  return new CliError(`there is nothing to work on: no flows/ and no tasks.ts in ${root}`, {
    exit: EXIT.notFound,
    code: "NOT_FOUND",
    hint: "`rhythm init` makes a project; --flows and --tasks name other places",
  });
}
