import type { Command } from "commander";
import type { ExecutionFilter, ExecutionStatus } from "../define/mod.ts";
import { option, repeated } from "./command.ts";
import { readJsonObject } from "./json_text.ts";
import { numberFrom, PAST, someOf } from "./kinds.ts";

/** Which executions, as flags say it. */
export interface FilterFlags {
  type?: "task" | "workflow";
  target?: string;
  status?: ExecutionStatus[];
  queue?: string;
  parent?: string;
  fingerprint?: string;
  variable?: string[];
  metadata?: string;
  after?: Date;
  before?: Date;
  limit: number;
  cursor?: string;
}

const STATUSES = ["pending", "running", "suspended", "completed", "failed", "cancelled", "frozen"];

/** Adds the options that say which executions. */
export function withFilter(command: Command): Command {
  return withWhich(command)
    .addOption(option("-n, --limit <number>", "how many at most", numberFrom(1, 1_000)).default(20))
    .addOption(option("--cursor <id>", "continue after this execution"));
}

/** Adds the options that say which executions, without how many. */
export function withWhich(command: Command): Command {
  return command
    .addOption(option("--type <type>", "only these", ["task", "workflow"]))
    .addOption(option("-t, --target <name>", "the task or flow"))
    .addOption(
      option(
        "-s, --status <status>",
        `one or several, with commas: ${STATUSES.join(", ")}`,
        someOf(STATUSES),
      ),
    )
    .addOption(option("-q, --queue <name>", "the queue"))
    .addOption(option("--parent <id>", "children of this execution"))
    .addOption(option("--fingerprint <fingerprint>", "failures of one kind: see `rhythm failures`"))
    .addOption(
      repeated("--variable <name=value>", "workflows with this variable, if their flow has it in `index`"),
    )
    .addOption(option("--metadata <json>", "what the metadata must contain"))
    .addOption(option("--after <time>", "created since: ISO 8601, or how long ago: 2h", PAST))
    .addOption(option("--before <time>", "created before", PAST));
}

/** The filter, from its flags. */
export async function filterOf(flags: FilterFlags): Promise<ExecutionFilter> {
  const filter: ExecutionFilter = { limit: flags.limit };
  if (flags.type !== undefined) filter.type = flags.type;
  if (flags.target !== undefined) filter.target = flags.target;
  if (flags.status !== undefined) filter.status = flags.status;
  if (flags.queue !== undefined) filter.queue = flags.queue;
  if (flags.parent !== undefined) filter.parent = flags.parent;
  if (flags.variable !== undefined) {
    filter.variables = Object.fromEntries(
      flags.variable.map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]),
    );
  }
  if (flags.fingerprint !== undefined) filter.fingerprint = flags.fingerprint;
  if (flags.cursor !== undefined) filter.cursor = flags.cursor;
  if (flags.after !== undefined) filter.createdAfter = flags.after;
  if (flags.before !== undefined) filter.createdBefore = flags.before;
  if (flags.metadata !== undefined) {
    filter.metadata = await readJsonObject(flags.metadata, "--metadata");
  }
  return filter;
}
