import { type Duration, durationMs } from "../shared/duration.ts";
import { assertJson, type JsonObject } from "../shared/json.ts";
import {
  fits,
  type OptionEntry,
  type OptionScope,
  optionsIn,
  type OptionType,
  retryOptionsIn,
  sqlName,
} from "../shared/options.ts";
import {
  ANYTHING,
  type ArgumentType,
  BOOLEAN,
  callOf,
  checkArgument,
  checkPlain,
  checkShape,
  refuseUnknown,
  type Shape,
  TRANSACTION,
} from "../shared/arguments.ts";
import { InvalidOptionError } from "../shared/error.ts";
import type { Transaction } from "../shared/transaction.ts";
import { type BatchOptions, checkBatch } from "./batch.ts";
import { isSchema, type StandardSchema } from "./schema.ts";
import { idProblem } from "./uuid.ts";

/**
 * When and how often an attempt is repeated: one that threw only where `maxAttempts` says so, one that was lost with its
 * worker up to `crashes` times.
 */
export interface RetryPolicy {
  /** How many attempts may throw, the first included. Default: 1, so that an attempt that threw is not repeated. */
  maxAttempts?: number;
  /** How the pause grows from attempt to attempt. */
  backoff?: "exponential" | "linear" | "fixed";
  /** The first pause. */
  initial?: Duration;
  /** The longest pause. */
  max?: Duration;
  /** What an exponential pause is multiplied with each time. */
  factor?: number;
  /** Which share of each pause is random, from 0 to 1; `true` is 0.5. */
  jitter?: number | boolean;
  /** How often it is repeated after an attempt was lost with its worker. Default: 3. */
  crashes?: number;
}

/** One execution of a task or flow at a time with this key. */
export interface UniqueOptions {
  /** The key. It belongs to the name of the task or flow. */
  key: string;
  /**
   * How long an execution has the key: until it begins (`queued`), until it is over (`active`), as long as it is kept (`kept`), or for a
   * time from its start. Default: `active`.
   */
  while?: "queued" | "active" | "kept" | Duration;
  /**
   * What a start does if another execution has the key. `existing`: it gives that one. `reject`: it throws a `UniqueKeyError`. `replace`:
   * it gives that one new inputs and options, if it has not begun. `cancel_existing`: it cancels that one, and starts.
   * Default: `existing`. A child of a workflow can say `existing` or `reject`.
   */
  onConflict?: "existing" | "reject" | "replace" | "cancel_existing";
}

/** Many starts with one key become one execution, which begins when they have ceased. */
export interface DebounceOptions {
  /** The key. It belongs to the name of the task or flow. */
  key: string;
  /** How long it waits after the last start. */
  delay: Duration;
  /** How long it waits after the first start, at most. Default: for ever. */
  maxDelay?: Duration;
  /** Whose inputs it gets: those of the last start, of the first, or an array of all. Default: `last`. */
  inputs?: "last" | "first" | "all";
}

/** Never more than so many starts with one key in any window of time. */
export interface ThrottleOptions {
  /** The key. It belongs to the name of the task or flow. */
  key: string;
  /** How many start in any window: 1 to 1000. */
  limit: number;
  /** How long a window is. */
  per: Duration;
  /** What becomes of a start above the limit: the last execution is given instead of it (`drop`), or it runs later (`delay`). Default: `drop`. */
  else?: "drop" | "delay";
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
  /** When and how often an attempt is repeated; a number is `maxAttempts`. Default: none that threw. */
  retry?: RetryPolicy | number;
  /** Gives the handler many executions in one call: it takes an array of inputs, and returns an array of results. */
  batch?: BatchOptions;
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
  /** It is cancelled if it has not begun by then: a moment, or how long after the moment from which it may run. */
  expires?: Duration | Date;
  /** How long it may take: an attempt of a task, the whole of a workflow. */
  timeout?: Duration;
  /** When and how often an attempt is repeated; a number is `maxAttempts`. Default: none that threw. */
  retry?: RetryPolicy | number;
  /** A second start under the same key gives the first execution. */
  idempotencyKey?: string;
  /** How long the key holds. */
  idempotencyTtl?: Duration;
  /** One execution at a time with this key. */
  unique?: UniqueOptions;
  /** Many starts with one key become one execution. */
  debounce?: DebounceOptions;
  /** Never more than so many starts with one key in any window. */
  throttle?: ThrottleOptions;
  /** Executions under one key share the queue's limit per key. */
  concurrencyKey?: string;
  /** What to attach; it can be searched. */
  metadata?: Record<string, unknown>;
  /** The execution this one belongs to: cancelled with it, shown under it. */
  parent?: string | { readonly id: string };
  /** What becomes of it when its parent is cancelled or passes its timeout: it is cancelled, too, or goes on (`abandon`). Default: `cancel`. */
  onParentCancel?: "cancel" | "abandon";
  /** The caller's own postgres.js transaction, to join it: it is there if and only if that transaction commits. */
  sql?: Transaction;
}

/** What can be changed of an execution that has not begun. */
export type ChangeOptions = Pick<StartOptions, "queue" | "priority" | "delay" | "runAt">;

/** Checks what a change was given. */
export function checkChange(options: ChangeOptions, where: string, argument = "options"): void {
  checkPlain(options, { argument, where });
  checkOptions(options, { in: "change", where });
  if (Object.values(options).every((one) => one === undefined)) {
    throw new InvalidOptionError(
      argument,
      `${where}: "${argument}" must have "queue", "priority", "delay" or "runAt"`,
    );
  }
}

/** What a schedule can say about the executions it starts. */
export type ScheduledOptions = Omit<
  StartOptions,
  "sql" | "id" | "delay" | "runAt" | "idempotencyKey" | "idempotencyTtl" | "unique" | "debounce" | "throttle"
>;

/** What `task()` takes besides the defaults of its executions. */
const TASK_OWN: Shape = {
  // Its sentence is the same where the name is that of the handler.
  name: ANYTHING,
  transactional: BOOLEAN,
  // checkBatch() says what it can have.
  batch: ANYTHING,
  isolate: {
    kind: "own",
    wanted: "true, false or { module: import.meta.url }",
    fits: (value) =>
      typeof value === "boolean" || typeof value === "object" && value !== null && "module" in value &&
        (value.module instanceof URL || typeof value.module === "string" && value.module !== ""),
  },
  input: {
    kind: "own",
    wanted: "a schema that follows Standard Schema (zod, valibot, arktype …)",
    fits: isSchema,
  },
};

/** Checks what `task()` was given. */
export function checkTaskOptions(options: TaskOptions & { input?: StandardSchema }): void {
  const where = callOf("task", options?.name);
  checkOptions(options, { in: "defaults", where, also: TASK_OWN });
  if (options.transactional && options.isolate) {
    throw new InvalidOptionError(
      "isolate",
      `${where}: a transactional task cannot be isolated, because a transaction cannot cross into a Web Worker`,
    );
  }
  if (options.batch !== undefined) checkBatch(options.batch, options);
  if (typeof options.isolate === "object") refuseUnknown(options.isolate, ["module"], `${where} isolate`);
}

/** Checks what a start was given. */
export function checkStartOptions(options: StartOptions, where: string, also: Shape = {}): void {
  checkOptions(options, { in: "start", where, also: { sql: TRANSACTION, ...also } });
}

/** Checks a retry policy, or a number of attempts. */
export function checkRetry(retry: RetryPolicy | number, about: { in: OptionScope; where: string }): void {
  const { in: scope, where } = about;
  checkArgument(retry, { argument: "retry", type: { kind: "retry" }, where });
  if (typeof retry === "number") return;
  checkEntries(retry, retryOptionsIn(scope), { where: `${where} retry`, at: "retry." });
}

/**
 * Checks options against the table of `shared/options.ts`.
 *
 * @param options what was given
 * @param about where the options stand, what was called, and which names are known besides
 * @throws {InvalidOptionError} naming the option
 */
export function checkOptions(
  options: object,
  about: { in: OptionScope; where: string; also?: Shape },
): void {
  const { in: scope, where, also = {} } = about;
  const given = options as Record<string, unknown>;
  checkEntries(options, optionsIn(scope), { where, at: "", also });
  if (Object.keys(given).length === 0) return;
  for (const { name, type } of optionsIn(scope)) {
    if (type.kind === "parts" && given[name] !== undefined) {
      checkParts(given[name] as object, { name, type, where });
    }
  }
  if (given.retry !== undefined) checkRetry(given.retry as RetryPolicy, about);
  if (given.id !== undefined) {
    const problem = idProblem(given.id);
    if (problem !== undefined) throw new InvalidOptionError("id", `${where}: ${problem}`);
  }
  if (given.metadata !== undefined) assertJson(given.metadata, { what: "metadata" });
  if (given.delay !== undefined && given.runAt !== undefined) {
    throw new InvalidOptionError("runAt", `${where}: give "delay" or "runAt", not both`);
  }
  if (
    given.runAt !== undefined && fits({ kind: "moment" }, given.expires) &&
    new Date(given.expires as Date | string) <= new Date(given.runAt as Date | string)
  ) {
    throw new InvalidOptionError("expires", `${where}: "expires" must be later than "runAt"`);
  }
  for (const name of ["debounce", "throttle"]) {
    const other = ["idempotencyKey", "unique", "debounce", "delay", "runAt"].find((one) =>
      one !== name && given[one] !== undefined
    );
    if (given[name] === undefined || other === undefined) continue;
    throw new InvalidOptionError(name, `${where}: give "${name}" or "${other}", not both`);
  }
  const debounce = given.debounce as DebounceOptions | undefined;
  if (debounce?.maxDelay !== undefined && durationMs(debounce.maxDelay) < durationMs(debounce.delay)) {
    throw new InvalidOptionError(
      "debounce.maxDelay",
      `${where}: "debounce.maxDelay" must not be shorter than "debounce.delay"`,
    );
  }
  if (given.unique !== undefined && given.idempotencyKey !== undefined) {
    throw new InvalidOptionError("unique", `${where}: give "unique" or "idempotencyKey", not both`);
  }
  if (given.idempotencyTtl !== undefined && given.idempotencyKey === undefined) {
    throw new InvalidOptionError("idempotencyTtl", `${where}: "idempotencyTtl" needs an "idempotencyKey"`);
  }
}

function checkParts(
  given: object,
  about: { name: string; type: OptionType & { kind: "parts" }; where: string },
): void {
  const { name, type, where } = about;
  checkPlain(given, { argument: name, where });
  checkEntries(given, type.parts, { where: `${where} ${name}`, at: `${name}.` });
  const missing = type.needed.find((one) => (given as Record<string, unknown>)[one] === undefined);
  if (missing !== undefined) {
    throw new InvalidOptionError(`${name}.${missing}`, `${where}: "${name}" needs a "${missing}"`);
  }
}

/** Options that were checked, as the engine takes them: its names, times in seconds. */
export function engineOptions(options: object, scope: OptionScope): JsonObject {
  return namedValues(options, optionsIn(scope), scope);
}

function namedValues(options: object, entries: readonly OptionEntry[], scope: OptionScope): JsonObject {
  const named: JsonObject = {};
  if (Object.keys(options).length === 0) return named;
  for (const { name, type } of entries) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) named[sqlName(name)] = engineValue(type, value, scope);
  }
  return named;
}

function engineValue(type: OptionType, value: unknown, scope: OptionScope): JsonObject[string] {
  switch (type.kind) {
    case "duration":
      return durationMs(value as Duration) / 1000;
    case "span":
      return type.values.includes(value as string) ? value as string : durationMs(value as Duration) / 1000;
    case "parts":
      return namedValues(value as object, type.parts, scope);
    case "moment":
      return new Date(value as Date | string).toISOString();
    case "until":
      return fits({ kind: "duration", aboveZero: true }, value)
        ? durationMs(value as Duration) / 1000
        : new Date(value as Date | string).toISOString();
    case "execution":
      return typeof value === "string" ? value : (value as { id: string }).id;
    case "retry":
      return typeof value === "number" ? value : namedValues(value as object, retryOptionsIn(scope), scope);
    default:
      return value as JsonObject[string];
  }
}

function checkEntries(
  options: object,
  entries: readonly OptionEntry[],
  about: { where: string; at: string; also?: Shape },
): void {
  let shape = shapes.get(entries);
  if (shape === undefined) shapes.set(entries, shape = shapeOf(entries));
  checkShape(options, shape, about);
}

// Thousands may be started in one call.
const shapes = new WeakMap<readonly OptionEntry[], Shape>();

// A policy, and what is inside it, is looked at after this.
function shapeOf(entries: readonly OptionEntry[]): Shape {
  const shape: Record<string, ArgumentType> = {};
  for (const { name, type } of entries) shape[name] = type.kind === "retry" ? ANYTHING : type;
  return shape;
}
