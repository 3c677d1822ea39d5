import { type Duration, durationMs } from "../shared/duration.ts";
import { RhythmError } from "../shared/error.ts";
import { InvalidOptionError } from "./errors.ts";
import type { SqlRunner } from "./context.ts";
import { isSchema, type StandardSchema } from "./schema.ts";
import { didYouMean } from "./suggest.ts";
import { idProblem } from "./uuid.ts";

/** When and how often a failed attempt is made again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  maxAttempts?: number;
  /** How the pause grows from attempt to attempt. */
  backoff?: "exponential" | "linear" | "fixed";
  /** The first pause. */
  initial?: Duration;
  /** The longest pause. */
  max?: Duration;
  /** What an exponential pause is multiplied with each time. */
  factor?: number;
  /** How much of each pause is random, from 0 to 1. */
  jitter?: number;
}

/** What a task says about itself. */
export interface TaskOptions {
  /** The name it is queued under. Default: the handler function's own name. */
  name?: string;
  /** The queue it waits in when its starter names none. Default: `default`. */
  queue?: string;
  /** Higher goes first. Default: 0. */
  priority?: number;
  /** How long one attempt may take. */
  timeout?: Duration;
  /** When and how often a failed attempt is made again. */
  retry?: RetryPolicy;
  /** Gives the handler the transaction that settles it, as `ctx.sql`. */
  transactional?: boolean;
  /**
   * Runs the handler in a Web Worker of its own, which a timeout or a cancellation ends whatever it is doing. The
   * module that declares the task is loaded there again, so its top level must be free of side effects.
   */
  isolate?: boolean | IsolateOptions;
}

/** Where an isolated handler is found. */
export interface IsolateOptions {
  /** The module that declares the task. Default: the one that called `task()`. */
  module: string | URL;
}

/** What a start can say about one execution, whatever it runs. */
export interface StartOptions {
  /** The execution's id, made by `newId()`. Default: the engine makes one. */
  id?: string;
  /** The queue to wait in. */
  queue?: string;
  /** Higher goes first. */
  priority?: number;
  /** How long from now it stays out of sight of the workers. */
  delay?: Duration;
  /** The moment from which it may run. */
  runAt?: Date | string;
  /** How long it may take: an attempt of a task, the whole of a workflow. */
  timeout?: Duration;
  /** When and how often a failed attempt is made again. */
  retry?: RetryPolicy;
  /** A second start under the same key gives the first execution. */
  idempotencyKey?: string;
  /** How long the key holds. */
  idempotencyTtl?: Duration;
  /** Executions under one key share the queue's limit per key. */
  concurrencyKey?: string;
  /** What to attach; it can be searched. */
  metadata?: Record<string, unknown>;
  /** The execution this one belongs to: cancelled with it, shown under it. */
  parent?: string | { readonly id: string };
  /** The caller's own postgres.js transaction, to join it: it is there if and only if that transaction commits. */
  sql?: SqlRunner;
}

const RETRY_KEYS = ["maxAttempts", "backoff", "initial", "max", "factor", "jitter"];
const TASK_KEYS = ["name", "queue", "priority", "timeout", "retry", "transactional", "isolate", "input"];
const BACKOFFS = ["exponential", "linear", "fixed"];

/** The options that every start takes, by name. */
export const START_KEYS: readonly string[] = [
  "id",
  "queue",
  "priority",
  "delay",
  "runAt",
  "timeout",
  "retry",
  "idempotencyKey",
  "idempotencyTtl",
  "concurrencyKey",
  "metadata",
  "parent",
  "sql",
];

/**
 * Refuses option names that do not exist, naming the nearest one that does.
 *
 * @param options what was given
 * @param allowed the names that exist
 * @param where what was called, for the sentence
 * @throws {InvalidOptionError} naming the option
 */
export function refuseUnknown(options: object, allowed: readonly string[], where: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidOptionError("", `${where} takes its options as an object, not ${describe(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (allowed.includes(key)) continue;
    throw new InvalidOptionError(
      key,
      `${where} has no option "${key}".${didYouMean(key, allowed)} It takes: ${allowed.join(", ")}`,
    );
  }
}

/** Checks what `task()` was given. */
export function checkTaskOptions(options: TaskOptions & { input?: StandardSchema }): void {
  refuseUnknown(options, TASK_KEYS, "task()");
  const where = `task("${options.name ?? ""}")`;
  expectText(options.queue, "queue", where);
  expectInteger(options.priority, "priority", where);
  expectDuration(options.timeout, "timeout", where);
  if (options.retry !== undefined) checkRetry(options.retry, where);
  if (options.input !== undefined && !isSchema(options.input)) {
    throw new InvalidOptionError(
      "input",
      `${where}: "input" must be a schema that follows Standard Schema (zod, valibot, arktype …), not ${
        describe(options.input)
      }`,
    );
  }
  if (options.transactional && options.isolate) {
    throw new InvalidOptionError(
      "isolate",
      `${where}: a transactional task cannot be isolated, because a transaction cannot cross into a Web Worker`,
    );
  }
  if (typeof options.isolate === "object") refuseUnknown(options.isolate, ["module"], `${where} isolate`);
}

/** Checks what a start was given. */
export function checkStartOptions(options: StartOptions, where: string): void {
  refuseUnknown(options, START_KEYS, where);
  const problem = options.id === undefined ? undefined : idProblem(options.id);
  if (problem !== undefined) throw new InvalidOptionError("id", `${where}: ${problem}`);
  expectText(options.queue, "queue", where);
  expectInteger(options.priority, "priority", where);
  expectDuration(options.delay, "delay", where);
  expectDuration(options.timeout, "timeout", where);
  expectDuration(options.idempotencyTtl, "idempotencyTtl", where);
  expectText(options.idempotencyKey, "idempotencyKey", where);
  expectText(options.concurrencyKey, "concurrencyKey", where);
  if (options.retry !== undefined) checkRetry(options.retry, where);
  if (options.delay !== undefined && options.runAt !== undefined) {
    throw new InvalidOptionError("runAt", `${where}: give "delay" or "runAt", not both`);
  }
  if (options.runAt !== undefined && Number.isNaN(new Date(options.runAt).getTime())) {
    throw new InvalidOptionError(
      "runAt",
      `${where}: "runAt" must be a Date or an ISO 8601 time, not ${describe(options.runAt)}`,
    );
  }
  if (options.sql !== undefined && typeof options.sql.unsafe !== "function") {
    throw new InvalidOptionError(
      "sql",
      `${where}: "sql" must be a postgres.js transaction, not ${describe(options.sql)}`,
    );
  }
}

/** Checks a retry policy. */
export function checkRetry(retry: RetryPolicy, where: string): void {
  refuseUnknown(retry, RETRY_KEYS, `${where} retry`);
  expectInteger(retry.maxAttempts, "retry.maxAttempts", where, 1);
  expectDuration(retry.initial, "retry.initial", where);
  expectDuration(retry.max, "retry.max", where);
  if (retry.backoff !== undefined && !BACKOFFS.includes(retry.backoff)) {
    throw new InvalidOptionError(
      "retry.backoff",
      `${where}: "retry.backoff" must be one of ${BACKOFFS.join(", ")}, not ${describe(retry.backoff)}.${
        didYouMean(String(retry.backoff), BACKOFFS)
      }`,
    );
  }
  if (retry.factor !== undefined && !(retry.factor >= 1)) {
    throw new InvalidOptionError(
      "retry.factor",
      `${where}: "retry.factor" must be at least 1, not ${retry.factor}`,
    );
  }
  if (retry.jitter !== undefined && !(retry.jitter >= 0 && retry.jitter <= 1)) {
    throw new InvalidOptionError(
      "retry.jitter",
      `${where}: "retry.jitter" must be 0 to 1, not ${retry.jitter}`,
    );
  }
}

function expectText(value: unknown, option: string, where: string): void {
  if (value === undefined || (typeof value === "string" && value !== "")) return;
  throw new InvalidOptionError(
    option,
    `${where}: "${option}" must be a text that is not empty, not ${describe(value)}`,
  );
}

function expectInteger(value: unknown, option: string, where: string, least = -32768): void {
  if (value === undefined || (Number.isInteger(value) && (value as number) >= least)) return;
  const expected = least === 1 ? "a whole number of at least 1" : "a whole number";
  throw new InvalidOptionError(option, `${where}: "${option}" must be ${expected}, not ${describe(value)}`);
}

function expectDuration(value: unknown, option: string, where: string): void {
  if (value === undefined) return;
  try {
    durationMs(value as Duration);
  } catch (error) {
    if (!(error instanceof RhythmError)) throw error;
    throw new InvalidOptionError(option, `${where}: "${option}": ${error.message}`);
  }
}

/** A value as a sentence names it: short, and with its kind. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "Object"})`;
  if (typeof value === "function") return "a function";
  return `${typeof value} ${String(value)}`;
}
