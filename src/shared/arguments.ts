/**
 * What arguments can be, and the one way in which a wrong one is refused: the sentence names the call, the argument,
 * what it wants and what it got. What executions take is in the table of `options.ts`; the types here are for
 * what else a call of the library takes.
 *
 * @module
 */
import { statementsIn } from "./transaction.ts";
import { type Duration, durationMs } from "./duration.ts";
import { InvalidOptionError, RhythmError } from "./error.ts";
import { isStorable } from "./json.ts";
import { fits, type OptionType, wantedBy } from "./options.ts";
import { didYouMean } from "./suggest.ts";

/** What only a call of the library takes. */
export interface OwnType {
  /** Tells it from the types of the table. */
  readonly kind: "own";
  /** What it takes, as messages say it after "must be". */
  readonly wanted: string;
  /** Whether a value fits. */
  readonly fits: (value: unknown) => boolean;
}

/** What an argument can be. */
export type ArgumentType = OptionType | OwnType;

/** The options that a call takes, by name. */
export type Shape = Readonly<Record<string, ArgumentType>>;

function own(wanted: string, fits: OwnType["fits"]): OwnType {
  return { kind: "own", wanted, fits };
}

/** Text that is not empty. */
export const TEXT: OwnType = own(
  "a text that is not empty",
  (value) => typeof value === "string" && value !== "",
);

/** Text, also an empty one. */
export const ANY_TEXT: OwnType = own("a text", (value) => typeof value === "string");

/** The same, and Postgres can store it. */
export const STORED_TEXT: OwnType = own(
  "a text that is not empty, without NUL and half surrogate pairs",
  (value) => TEXT.fits(value) && isStorable(value as string),
);

/** Text that Postgres can store, also an empty one. */
export const ANY_STORED_TEXT: OwnType = own(
  "a text without NUL and half surrogate pairs",
  (value) => typeof value === "string" && isStorable(value),
);

/** What failures of one kind share. */
export const FINGERPRINT: OwnType = own(
  "a fingerprint: digits, as text",
  (value) => typeof value === "string" && /^\d{1,19}$/.test(value) && BigInt(value) < 2n ** 63n,
);

/** Variables that executions are found by. */
export const VARIABLES: OwnType = own(
  "an object with a text, a number or a boolean for each variable",
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0 &&
    Object.values(value).every(isTag),
);

/** Variables that an execution is found by from now on. */
export const TAGS: OwnType = own(
  "an object with a text, a number, a boolean, an array of them, or null for each variable, and no = in their names",
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0 &&
    Object.entries(value).every(([name, one]) =>
      /^[^=\0]{1,100}$/u.test(name) && isStorable(name) &&
      (one === null || (Array.isArray(one) ? one : [one]).every(isTag))
    ),
);

function isTag(value: unknown): boolean {
  return typeof value === "string" ? isStorable(value) : typeof value === "boolean" || Number.isFinite(value);
}

/** Yes or no. */
export const BOOLEAN: OwnType = own("true or false", (value) => typeof value === "boolean");

/** A function. */
export const FUNCTION: OwnType = own("a function", (value) => typeof value === "function");

/** What ends waiting early. */
export const ABORT_SIGNAL: OwnType = own("an AbortSignal", (value) => value instanceof AbortSignal);

/** The caller's transaction. */
export const TRANSACTION: OwnType = own(
  "a transaction of postgres.js, node-postgres, PGlite, Drizzle, Kysely, Knex, TypeORM or Prisma",
  (value) => statementsIn(value) !== undefined,
);

/** Anything: it is checked elsewhere, or is JSON. */
export const ANYTHING: OwnType = own("anything", () => true);

/** An array whose items are checked one by one. */
export const ARRAY: OwnType = own("an array", Array.isArray);

/** A name of a task, flow, queue, signal or schedule. */
export const NAME: OptionType = { kind: "name" };

/** Text that the caller chooses: an idempotency key, a concurrency key. */
export const KEY: OptionType = { kind: "key" };

/** Seconds, or text such as `1h30m`. */
export const DURATION: OptionType = { kind: "duration" };

/** The same, and not zero. */
export const DURATION_ABOVE_ZERO: OptionType = { kind: "duration", aboveZero: true };

/** A point in time. */
export const MOMENT: OptionType = { kind: "moment" };

/** An execution, or its id. */
export const EXECUTION: OptionType = { kind: "execution" };

/** An object. */
export const OBJECT: OwnType = own("an object", (value) => fits({ kind: "object" }, value));

/** A task or a workflow. */
export const EXECUTION_TYPE: OptionType = { kind: "choice", values: ["task", "workflow"] };

/** A whole number from 1. */
export const COUNT: OwnType = own(
  "a whole number of at least 1",
  (value) => Number.isInteger(value) && (value as number) >= 1,
);

/** An array of names with at least one. */
export const NAMES: OwnType = own(
  "an array with at least one name",
  (value) => Array.isArray(value) && value.length > 0 && value.every((one) => fits(NAME, one)),
);

/** Options. An instance of a class, such as a Date, a Map or a connection, is not meant as options. */
const PLAIN: OwnType = own("an object with options", (value) => {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // Objects of other realms have an Object.prototype of their own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
});

/** What a call was given under one name. */
export interface Argument {
  /** Its name. */
  readonly argument: string;
  /** What it can be. */
  readonly type: ArgumentType;
  /** What was called: `queues.pause()`. */
  readonly where: string;
}

/**
 * Refuses an argument that is not what it can be.
 *
 * @param value what was given
 * @param about its name, what it can be, and what was called
 * @throws {InvalidOptionError} naming the argument
 */
export function checkArgument(value: unknown, about: Argument): void {
  const { argument, type, where } = about;
  if (type.kind === "own" ? type.fits(value) : fits(type, value)) return;
  const isNearly = type.kind === "duration" && (typeof value === "string" || typeof value === "number");
  const problem = isNearly ? durationProblem(value) : undefined;
  if (problem !== undefined) throw new InvalidOptionError(argument, `${where}: "${argument}": ${problem}`);
  const meant = type.kind === "choice" && typeof value === "string" ? didYouMean(value, type.values) : "";
  const wanted = type.kind === "own" ? type.wanted : wantedBy(type);
  throw new InvalidOptionError(
    argument,
    `${where}: "${argument}" must be ${wanted}, not ${describe(value)}${meant && `.${meant}`}`,
  );
}

/**
 * Refuses options that do not exist, and those that are not what they can be. Options that are `undefined` are not there.
 *
 * @param options what was given
 * @param shape the options there are
 * @param about what was called, the name of the argument that they are, which of them must be there, and what else there is
 * @throws {InvalidOptionError} naming the option
 */
export function checkShape(
  options: object,
  shape: Shape,
  about: { where: string; at?: string; argument?: string; required?: readonly string[]; also?: Shape },
): void {
  const { where, at = "", argument = "options", required = [], also = {} } = about;
  checkPlain(options, { argument, where });
  const given = options as Record<string, unknown>;
  const names = Object.keys(given);
  if (names.length + required.length === 0) return;
  if (names.some((name) => !Object.hasOwn(shape, name) && !Object.hasOwn(also, name))) {
    refuseUnknown(options, Object.keys({ ...shape, ...also }), where);
  }
  for (const name of new Set([...required, ...names])) {
    const value = given[name];
    if (value === undefined && !required.includes(name)) continue;
    checkArgument(value, { argument: `${at}${name}`, type: also[name] ?? shape[name]!, where });
  }
}

/**
 * Refuses what is no plain object.
 *
 * @param value what was given
 * @param about its name, and what was called
 * @throws {InvalidOptionError} naming the argument
 */
export function checkPlain(value: unknown, about: Omit<Argument, "type">): void {
  checkArgument(value, { ...about, type: PLAIN });
}

/**
 * Refuses option names that do not exist, naming the nearest one that does.
 *
 * @param options what was given
 * @param allowed the names that exist
 * @param where what was called, for the sentence
 * @throws {InvalidOptionError} naming the option
 */
export function refuseUnknown(options: object, allowed: readonly string[], where: string): void {
  checkPlain(options, { argument: "options", where });
  for (const key of Object.keys(options)) {
    if (allowed.includes(key)) continue;
    throw new InvalidOptionError(
      key,
      `${where} has no option "${key}".${didYouMean(key, allowed)} It takes: ${allowed.join(", ")}`,
    );
  }
}

// What exactly is wrong with it; nothing if it is a duration.
function durationProblem(value: Duration): string | undefined {
  try {
    durationMs(value);
    return undefined;
  } catch (error) {
    if (error instanceof RhythmError) return error.message;
    throw error;
  }
}

/** A call with the name of what it declares: `task("mail")`. What is no name is left out: its own sentence tells it. */
export function callOf(what: string, name: unknown): string {
  return typeof name === "string" && name !== "" ? `${what}(${describe(name)})` : `${what}()`;
}

/** A value as a sentence names it: short, and with its kind. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "an invalid Date" : `the Date ${value.toISOString()}`;
  }
  if (typeof value === "object") return `an object (${nameOfClass(value)})`;
  if (typeof value === "function") return "a function";
  return `${typeof value} ${String(value)}`;
}

function nameOfClass(value: object): string {
  const { constructor } = value;
  return typeof constructor === "function" ? constructor.name : "Object";
}
