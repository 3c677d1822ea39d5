import { systemClock } from "../runtime/clock.ts";
import type { Command } from "commander";
import type { ExecutionFilter, ExecutionStatus } from "../define/mod.ts";
import { durationMs } from "../shared/duration.ts";
import { CliError } from "./cli_error.ts";
import { option, wholeNumber } from "./command.ts";
import { readJsonObject } from "./json_text.ts";

/** Which executions, as flags say it. */
export interface FilterFlags {
  type?: string;
  target?: string;
  status?: string;
  queue?: string;
  parent?: string;
  metadata?: string;
  after?: string;
  before?: string;
  limit?: string;
  cursor?: string;
}

const STATUSES = ["pending", "running", "suspended", "completed", "failed", "cancelled"];

/** Adds the options that say which executions. */
export function withFilter(command: Command): Command {
  return command
    .addOption(option("--type <type>", "only these", ["task", "workflow"]))
    .addOption(option("-t, --target <name>", "the task or flow"))
    .addOption(option("-s, --status <status>", `one or several, with commas: ${STATUSES.join(", ")}`))
    .addOption(option("-q, --queue <name>", "the queue"))
    .addOption(option("--parent <id>", "children of this execution"))
    .addOption(option("--metadata <json>", "what the metadata must contain"))
    .addOption(option("--after <time>", "created since: ISO 8601, or how long ago: 2h"))
    .addOption(option("--before <time>", "created before"))
    .addOption(option("-n, --limit <number>", "how many at most").default("20"))
    .addOption(option("--cursor <id>", "continue after this execution"));
}

/** The filter, from its flags. */
export async function filterOf(flags: FilterFlags): Promise<ExecutionFilter> {
  const filter: ExecutionFilter = { limit: wholeNumber(flags.limit ?? "20", "--limit", { most: 1_000 }) };
  if (flags.type !== undefined) filter.type = flags.type as "task" | "workflow";
  if (flags.target !== undefined) filter.target = flags.target;
  if (flags.status !== undefined) filter.status = statusesOf(flags.status);
  if (flags.queue !== undefined) filter.queue = flags.queue;
  if (flags.parent !== undefined) filter.parent = flags.parent;
  if (flags.cursor !== undefined) filter.cursor = flags.cursor;
  if (flags.after !== undefined) filter.createdAfter = momentOrAgo(flags.after, "--after");
  if (flags.before !== undefined) filter.createdBefore = momentOrAgo(flags.before, "--before");
  if (flags.metadata !== undefined) {
    filter.metadata = await readJsonObject(flags.metadata, "--metadata");
  }
  return filter;
}

/** A moment: ISO 8601, or how long ago. */
export function momentOrAgo(text: string, flag: string): Date {
  if (/^\d+(\.\d+)?\s*(ms|s|m|h|d|w)/i.test(text)) return new Date(systemClock.now() - durationMs(text));
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new CliError(`${flag} must be a moment (2026-01-31T08:00:00Z) or how long ago (2h), not "${text}"`);
}

function statusesOf(text: string): ExecutionStatus[] {
  const statuses = text.split(",").map((one) => one.trim());
  const wrong = statuses.find((one) => !STATUSES.includes(one));
  if (wrong === undefined) return statuses as ExecutionStatus[];
  throw new CliError(`there is no status "${wrong}"`, { hint: `there are ${STATUSES.join(", ")}` });
}
