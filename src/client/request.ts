import { durationMs } from "../shared/duration.ts";
import { assertJson, type JsonObject, toJson } from "../shared/json.ts";
import {
  checkStartOptions,
  type ExecutionRef,
  type ExecutionType,
  InvalidOptionError,
  type RetryPolicy,
  type StartOptions,
} from "../define/mod.ts";
import { InvalidIdError } from "./errors.ts";

/** What is to be started. */
export interface StartRequest {
  /** A task or a workflow. */
  readonly type: ExecutionType;
  /** The task's or flow's name. */
  readonly target: string;
  /** What it is started with. */
  readonly inputs: unknown;
  /** How. */
  readonly options: StartOptions;
  /** The trace it belongs to. */
  readonly traceparent?: string | undefined;
  /** Whether its end is to be notified. */
  readonly notifyOnEnd?: boolean;
}

/**
 * A start as `create_many()` takes it. Everything that can be wrong without asking the database is found here.
 *
 * @param request what is to be started
 * @param where what was called, for the sentences
 * @returns one element of the array that `create_many()` takes, as JSON text
 */
export function toCreate(request: StartRequest, where: string): string {
  const { type, target, inputs, options, traceparent, notifyOnEnd } = request;
  checkStartOptions(options, where);
  if (typeof target !== "string" || target === "") {
    throw new InvalidOptionError(
      "target",
      `${where}: the name of a ${type} must be a text that is not empty`,
    );
  }
  const named: JsonObject = { type, target, ...startOptions(options) };
  if (traceparent !== undefined) named.traceparent = traceparent;
  if (notifyOnEnd === true) named.watched = true;
  const text = inputs === undefined ? "{}" : toJson(inputs, { what: `inputs of ${type} "${target}"` });
  return `${JSON.stringify(named).slice(0, -1)},"inputs":${text}}`;
}

/** The options of a start, as the engine names them; times in seconds. */
export function startOptions(options: StartOptions): JsonObject {
  const named: JsonObject = {};
  if (options.id !== undefined) named.id = options.id;
  if (options.queue !== undefined) named.queue = options.queue;
  if (options.priority !== undefined) named.priority = options.priority;
  if (options.delay !== undefined) named.delay = durationMs(options.delay) / 1000;
  if (options.runAt !== undefined) named.run_at = new Date(options.runAt).toISOString();
  if (options.timeout !== undefined) named.timeout = durationMs(options.timeout) / 1000;
  if (options.retry !== undefined) named.retry = retryPolicy(options.retry);
  if (options.idempotencyKey !== undefined) named.idempotency_key = options.idempotencyKey;
  if (options.idempotencyTtl !== undefined) named.idempotency_ttl = durationMs(options.idempotencyTtl) / 1000;
  if (options.concurrencyKey !== undefined) named.concurrency_key = options.concurrencyKey;
  if (options.metadata !== undefined) {
    assertJson(options.metadata, { what: "metadata" });
    named.metadata = options.metadata as JsonObject;
  }
  if (options.parent !== undefined) named.parent = idOf(options.parent);
  return named;
}

/** A retry policy as the engine names it; times in seconds. */
export function retryPolicy(retry: RetryPolicy): JsonObject {
  const named: JsonObject = {};
  if (retry.maxAttempts !== undefined) named.max_attempts = retry.maxAttempts;
  if (retry.backoff !== undefined) named.backoff = retry.backoff;
  if (retry.initial !== undefined) named.initial = durationMs(retry.initial) / 1000;
  if (retry.max !== undefined) named.max = durationMs(retry.max) / 1000;
  if (retry.factor !== undefined) named.factor = retry.factor;
  if (retry.jitter !== undefined) named.jitter = retry.jitter;
  return named;
}

/** The id of an execution that was given as itself or as its id. */
export function idOf(ref: ExecutionRef): string {
  const id = typeof ref === "string" ? ref : ref?.id;
  if (typeof id === "string" && UUID.test(id)) return id;
  throw new InvalidIdError(id);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
