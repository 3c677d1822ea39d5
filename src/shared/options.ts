/**
 * The one table of the options that executions take. The checks in TypeScript, the options of children
 * and the front matter of flows are made from it. The schemas and the OpenAPI document of HTTP
 * and the flags of the CLI are made from it, too. SQL has its own list (`sql/create/requests.sql`); `tests/options` compares the two.
 *
 * A new option is an entry here, its place in the table's public types, and its place in SQL.
 *
 * @module
 */
import { durationMs } from "./duration.ts";
import { KEY_LENGTH, MOMENTS, MOST_ATTEMPTS, NAME_LENGTH, PRIORITIES } from "./limits.ts";
import { momentMs } from "./moment.ts";
import { isKey, isName, NAME_WANTED } from "./names.ts";

/** What an option can be. */
export type OptionType =
  /** The name of a queue. */
  | { readonly kind: "name" }
  /** Text that the caller chooses. */
  | { readonly kind: "key" }
  /** A number in a range. */
  | { readonly kind: "number"; readonly from: number; readonly to: number; readonly whole?: true }
  /** Seconds, or text such as `1h30m`. */
  | { readonly kind: "duration"; readonly aboveZero?: true }
  /** A point in time. */
  | { readonly kind: "moment" }
  /** A duration above zero, or a point in time. */
  | { readonly kind: "until" }
  /** One of a few words. */
  | { readonly kind: "choice"; readonly values: readonly string[] }
  /** One of a few words, or a duration above zero. */
  | { readonly kind: "span"; readonly values: readonly string[] }
  /** A number from 0 to 1, or a boolean. */
  | { readonly kind: "share" }
  /** A JSON object. */
  | { readonly kind: "object" }
  /** An object with options of its own; some of them it must have. */
  | {
    readonly kind: "parts";
    readonly parts: readonly OptionEntry[];
    readonly needed: readonly string[];
  }
  /** A retry policy: `RETRY_OPTIONS`, or a number of attempts. */
  | { readonly kind: "retry" }
  /** An execution that exists. */
  | { readonly kind: "execution" }
  /** The id of an execution that does not exist yet. */
  | { readonly kind: "id" };

/**
 * Where an option can stand: `start` of a task or workflow; `child`: started by a workflow; `schedule`: what a schedule
 * starts; `defaults` that a task or workflow declares. Besides these, `step` of a workflow in TypeScript, and `change` of what has not
 * begun.
 */
export type OptionScope = "start" | "child" | "schedule" | "defaults" | "step" | "change";

/** One option. */
export interface OptionEntry {
  /** Its name in TypeScript, flows and HTTP; in SQL the same in snake_case. */
  readonly name: string;
  /** What it takes. */
  readonly type: OptionType;
  /** Where it can stand. */
  readonly in: readonly OptionScope[];
  /** Its flag in the CLI; an option inside another has none. */
  readonly flag?: string;
  /** What it does, in a few words. */
  readonly help: string;
}

/** The options inside `unique`. */
export const UNIQUE_OPTIONS = [
  {
    name: "key",
    type: { kind: "key" },
    in: ["start", "child"],
    help: "the key; one execution of a task or flow has it",
  },
  {
    name: "while",
    type: { kind: "span", values: ["queued", "active", "kept"] },
    in: ["start", "child"],
    help: "how long that execution has it; active by default",
  },
  {
    name: "onConflict",
    type: { kind: "choice", values: ["existing", "reject", "replace", "cancel_existing"] },
    in: ["start", "child"],
    help: "what a start does if another has it; existing by default",
  },
] as const satisfies readonly OptionEntry[];

/** The options inside `debounce`. */
export const DEBOUNCE_OPTIONS = [
  { name: "key", type: { kind: "key" }, in: ["start"], help: "the key that starts share" },
  {
    name: "delay",
    type: { kind: "duration", aboveZero: true },
    in: ["start"],
    help: "how long it waits after the last start",
  },
  {
    name: "maxDelay",
    type: { kind: "duration", aboveZero: true },
    in: ["start"],
    help: "how long it waits after the first start, at most",
  },
  {
    name: "inputs",
    type: { kind: "choice", values: ["last", "first", "all"] },
    in: ["start"],
    help: "of which start; all: an array. last by default",
  },
] as const satisfies readonly OptionEntry[];

/** The options inside `throttle`. */
export const THROTTLE_OPTIONS = [
  { name: "key", type: { kind: "key" }, in: ["start"], help: "the key that starts share" },
  {
    name: "limit",
    type: { kind: "number", from: 1, to: 1000, whole: true },
    in: ["start"],
    help: "how many start in any window",
  },
  {
    name: "per",
    type: { kind: "duration", aboveZero: true },
    in: ["start"],
    help: "how long a window is",
  },
  {
    name: "else",
    type: { kind: "choice", values: ["drop", "delay"] },
    in: ["start"],
    help: "what becomes of the others; drop by default",
  },
] as const satisfies readonly OptionEntry[];

/** The options of an execution, in the order in which people read them. */
export const OPTIONS = [
  {
    name: "queue",
    type: { kind: "name" },
    in: ["start", "child", "schedule", "defaults", "change"],
    flag: "-q, --queue <name>",
    help: "the queue to wait in",
  },
  {
    name: "priority",
    type: { kind: "number", ...PRIORITIES, whole: true },
    in: ["start", "child", "schedule", "defaults", "change"],
    flag: "--priority <number>",
    help: "higher goes first",
  },
  {
    name: "delay",
    type: { kind: "duration" },
    in: ["start", "child", "change"],
    flag: "--delay <duration>",
    help: "run later: 90s, 1h30m, 2d",
  },
  {
    name: "runAt",
    type: { kind: "moment" },
    in: ["start", "child", "change"],
    flag: "--run-at <time>",
    help: "run at a moment, ISO 8601",
  },
  {
    name: "expires",
    type: { kind: "until" },
    in: ["start", "child", "schedule"],
    flag: "--expires <until>",
    help: "cancelled if it has not begun by then: 10m",
  },
  {
    name: "timeout",
    type: { kind: "duration", aboveZero: true },
    in: ["start", "child", "schedule", "defaults"],
    flag: "--timeout <duration>",
    help: "how long an attempt, or a workflow, may take",
  },
  {
    name: "retry",
    type: { kind: "retry" },
    in: ["start", "child", "schedule", "defaults", "step"],
    flag: "--retry <policy>",
    help: "a number of attempts, or a policy as JSON",
  },
  {
    name: "idempotencyKey",
    type: { kind: "key" },
    in: ["start", "child"],
    flag: "--key <key>",
    help: "idempotency key: another start gives the first",
  },
  {
    name: "idempotencyTtl",
    type: { kind: "duration", aboveZero: true },
    in: ["start", "child"],
    flag: "--key-ttl <duration>",
    help: "how long the key is valid",
  },
  {
    name: "unique",
    type: { kind: "parts", parts: UNIQUE_OPTIONS, needed: ["key"] },
    in: ["start", "child"],
    flag: "--unique <json>",
    help: "one at a time with this key: key, while, onConflict",
  },
  {
    name: "debounce",
    type: { kind: "parts", parts: DEBOUNCE_OPTIONS, needed: ["key", "delay"] },
    in: ["start"],
    flag: "--debounce <json>",
    help: "one for many starts: key, delay, maxDelay, inputs",
  },
  {
    name: "throttle",
    type: { kind: "parts", parts: THROTTLE_OPTIONS, needed: ["key", "limit", "per"] },
    in: ["start"],
    flag: "--throttle <json>",
    help: "so many starts at most: key, limit, per, else",
  },
  {
    name: "concurrencyKey",
    type: { kind: "key" },
    in: ["start", "child", "schedule"],
    flag: "--concurrency-key <key>",
    help: "the key that limits per key count by",
  },
  {
    name: "metadata",
    type: { kind: "object" },
    in: ["start", "child", "schedule"],
    flag: "--metadata <json>",
    help: "a JSON object to attach",
  },
  {
    name: "parent",
    type: { kind: "execution" },
    in: ["start", "schedule"],
    flag: "--parent <id>",
    help: "the execution it is cancelled with",
  },
  {
    name: "onParentCancel",
    type: { kind: "choice", values: ["cancel", "abandon"] },
    in: ["start", "child", "schedule"],
    flag: "--on-parent-cancel <how>",
    help: "abandon: it goes on when its parent is cancelled",
  },
  {
    name: "id",
    type: { kind: "id" },
    in: ["start"],
    flag: "--id <id>",
    help: "its id: a UUID of version 7",
  },
] as const satisfies readonly OptionEntry[];

/** The options inside `retry`. */
export const RETRY_OPTIONS = [
  {
    name: "maxAttempts",
    type: { kind: "number", from: 1, to: MOST_ATTEMPTS, whole: true },
    in: ["start", "child", "schedule", "defaults", "step"],
    help: "how many attempts may throw; 1 by default",
  },
  {
    name: "backoff",
    type: { kind: "choice", values: ["exponential", "linear", "fixed"] },
    in: ["start", "child", "schedule", "defaults", "step"],
    help: "how the pause grows from attempt to attempt",
  },
  {
    name: "initial",
    type: { kind: "duration" },
    in: ["start", "child", "schedule", "defaults", "step"],
    help: "the first pause",
  },
  {
    name: "max",
    type: { kind: "duration" },
    in: ["start", "child", "schedule", "defaults", "step"],
    help: "the longest pause",
  },
  {
    name: "factor",
    type: { kind: "number", from: 1, to: 100 },
    in: ["start", "child", "schedule", "defaults", "step"],
    help: "what an exponential pause is multiplied with each time",
  },
  {
    name: "jitter",
    type: { kind: "share" },
    in: ["start", "child", "schedule", "defaults", "step"],
    help: "which share of each pause is random",
  },
  {
    name: "crashes",
    type: { kind: "number", from: 0, to: MOST_ATTEMPTS, whole: true },
    in: ["start", "child", "schedule", "defaults"],
    help: "how often it may be lost with its worker; 3 by default",
  },
] as const satisfies readonly OptionEntry[];

/** The names of the options in a scope, for types. */
export type OptionName<Scope extends OptionScope> = NameIn<typeof OPTIONS, Scope>;

/** The names of the options of a retry policy in a scope, for types. */
export type RetryOptionName<Scope extends OptionScope> = NameIn<typeof RETRY_OPTIONS, Scope>;

type NameIn<Table extends readonly OptionEntry[], Scope extends OptionScope> = {
  [Index in keyof Table]: Scope extends Table[Index]["in"][number] ? Table[Index]["name"] : never;
}[number];

/** The options that can stand in a scope. */
export function optionsIn(scope: OptionScope): readonly OptionEntry[] {
  return entriesIn(OPTIONS, scope);
}

/** The options of a retry policy that can stand in a scope. */
export function retryOptionsIn(scope: OptionScope): readonly OptionEntry[] {
  return entriesIn(RETRY_OPTIONS, scope);
}

function entriesIn(table: readonly OptionEntry[], scope: OptionScope): readonly OptionEntry[] {
  let scopes = entries.get(table);
  if (scopes === undefined) entries.set(table, scopes = new Map());
  let found = scopes.get(scope);
  if (found === undefined) scopes.set(scope, found = table.filter((entry) => entry.in.includes(scope)));
  return found;
}

const entries = new Map<readonly OptionEntry[], Map<OptionScope, readonly OptionEntry[]>>();

/** An option's name in SQL: `idempotencyKey` is `idempotency_key`. */
export function sqlName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Options under their names in SQL, those inside others included; values stay as they are. */
export function sqlOptions<Value>(options: Readonly<Record<string, Value>>): Record<string, Value> {
  const named: Record<string, Value> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    named[sqlName(name)] = NESTED.has(name) && typeof value === "object" && value !== null
      ? sqlOptions(value as Readonly<Record<string, Value>>) as Value
      : value;
  }
  return named;
}

const NESTED: ReadonlySet<string> = new Set(
  (OPTIONS as readonly OptionEntry[]).filter(({ type }) => type.kind === "retry" || type.kind === "parts")
    .map(({ name }) => name),
);

/** What an option takes, as messages say it after "must be"; SQL says the same. */
export function wantedBy(type: OptionType): string {
  switch (type.kind) {
    case "name":
      return `a name of 1 to ${NAME_LENGTH} ${NAME_WANTED}`;
    case "key":
      return `text of 1 to ${KEY_LENGTH} characters, none of them control characters`;
    case "number":
      return `a ${type.whole ? "whole " : ""}number from ${type.from} to ${type.to}`;
    case "duration":
      return `a duration${type.aboveZero ? " above zero" : ""}: seconds, or text such as "1h30m"`;
    case "moment":
      return "a moment such as 2030-01-31T12:00:00Z";
    case "until":
      return 'a duration above zero, such as "10m", or a moment such as 2030-01-31T12:00:00Z';
    case "choice":
      return `${type.values.slice(0, -1).join(", ")} or ${type.values.at(-1)}`;
    case "span":
      return `${type.values.slice(0, -1).join(", ")} or ${
        type.values.at(-1)
      }, or a duration above zero, such as "10m"`;
    case "share":
      return "true, false or a number from 0 to 1";
    case "object":
    case "parts":
      return "an object";
    case "retry":
      return `a number of attempts from 1 to ${MOST_ATTEMPTS}, or an object`;
    case "execution":
      return "an execution or its id";
    case "id":
      return "a UUID";
  }
}

/**
 * Whether a value itself fits. The callers check what is inside a retry policy, parts or an object, and whether an id can be used.
 */
export function fits(type: OptionType, value: unknown): boolean {
  switch (type.kind) {
    case "name":
      return typeof value === "string" && isName(value);
    case "key":
      return typeof value === "string" && isKey(value);
    case "number":
      return typeof value === "number" && value >= type.from && value <= type.to &&
        (type.whole !== true || Number.isInteger(value));
    case "duration":
      return isDuration(value, type.aboveZero === true);
    case "moment":
      return isMoment(value);
    case "until":
      return isDuration(value, true) || isMoment(value);
    case "choice":
      return type.values.includes(value as string);
    case "span":
      return type.values.includes(value as string) || isDuration(value, true);
    case "share":
      return typeof value === "boolean" || typeof value === "number" && value >= 0 && value <= 1;
    case "object":
    case "parts":
      return isObject(value);
    case "retry":
      return isObject(value) ||
        Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_ATTEMPTS;
    case "execution":
      return isUuid(isObject(value) ? value.id : value);
    case "id":
      return isUuid(value);
  }
}

function isDuration(value: unknown, aboveZero: boolean): boolean {
  if (typeof value !== "number" && typeof value !== "string") return false;
  try {
    return durationMs(value) > (aboveZero ? 0 : -1);
  } catch {
    return false;
  }
}

function isMoment(value: unknown): boolean {
  if (typeof value !== "string" && !(value instanceof Date)) return false;
  const time = typeof value === "string" ? momentMs(value) : value.getTime();
  return time >= EARLIEST && time <= LATEST;
}

function isUuid(value: unknown): boolean {
  return typeof value === "string" && UUID.test(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

const EARLIEST = Date.parse(MOMENTS.from);
const LATEST = Date.parse(MOMENTS.to);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
