import type { Command } from "commander";
import type { StartOptions } from "../define/mod.ts";
import { CliError } from "./cli_error.ts";
import { option, wholeNumber } from "./command.ts";
import { readJsonObject } from "./json_text.ts";

/** How an execution is started, as flags say it. */
export interface StartFlags {
  queue?: string;
  priority?: string;
  delay?: string;
  runAt?: string;
  timeout?: string;
  attempts?: string;
  key?: string;
  concurrencyKey?: string;
  metadata?: string;
  wait?: boolean;
}

/** Adds the options of a start. */
export function withStartOptions(command: Command): Command {
  return command
    .addOption(option("-q, --queue <name>", "the queue to wait in"))
    .addOption(option("--priority <number>", "higher goes first"))
    .addOption(option("--delay <duration>", "run later: 90s, 1h30m, 2d"))
    .addOption(option("--run-at <time>", "run at a moment, ISO 8601"))
    .addOption(option("--timeout <duration>", "how long it may take"))
    .addOption(option("--attempts <number>", "how many attempts it may have"))
    .addOption(option("--key <text>", "idempotency key: the same key gives the same execution"))
    .addOption(option("--concurrency-key <text>", "what limits per key count by"))
    .addOption(option("--metadata <json>", "a JSON object to attach"))
    .addOption(option("-w, --wait", "wait for the end, and print the result"));
}

/** The options of a start, from its flags. */
export async function startOptionsOf(flags: StartFlags): Promise<StartOptions> {
  const options: StartOptions = {};
  if (flags.queue !== undefined) options.queue = flags.queue;
  if (flags.priority !== undefined) options.priority = integer(flags.priority, "--priority");
  if (flags.delay !== undefined) options.delay = flags.delay;
  if (flags.runAt !== undefined) options.runAt = moment(flags.runAt, "--run-at");
  if (flags.timeout !== undefined) options.timeout = flags.timeout;
  if (flags.attempts !== undefined) {
    options.retry = { maxAttempts: wholeNumber(flags.attempts, "--attempts") };
  }
  if (flags.key !== undefined) options.idempotencyKey = flags.key;
  if (flags.concurrencyKey !== undefined) options.concurrencyKey = flags.concurrencyKey;
  if (flags.metadata !== undefined) options.metadata = await readJsonObject(flags.metadata, "--metadata");
  return options;
}

/** A moment from a flag: ISO 8601, or how long ago as a duration. */
export function moment(text: string, flag: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new CliError(`${flag} must be a moment such as 2026-01-31T08:00:00Z, not "${text}"`);
}

function integer(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value)) return value;
  throw new CliError(`${flag} must be a whole number, not "${text}"`);
}
