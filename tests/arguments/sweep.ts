/**
 * Calls functions with every kind of wrong value for every argument. Each must be refused by an error of ours that
 * names the argument, what it wants, and what it got.
 *
 * @module
 */
import { RhythmError } from "../../mod.ts";
import { describe } from "../../src/define/mod.ts";

const circular: Record<string, unknown> = {};
circular.self = circular;

/** One value of every kind that a caller can have by mistake. */
const VALUES = {
  undefined: undefined,
  null: null,
  boolean: true,
  number: 5,
  NaN: NaN,
  negative: -1,
  "a word": "word",
  "an empty text": "",
  "a long text": "x".repeat(20_000),
  symbol: Symbol("word"),
  function: (): void => {},
  array: [1, "a"],
  object: {},
  "an invalid Date": new Date(NaN),
  bigint: 5n,
  "a circular object": circular,
  "a foreign object": new (class Foreign {})(),
} as const;

type ValueName = keyof typeof VALUES;

/** Which of the values each kind of argument can be. */
const FITS = {
  name: ["a word"],
  key: ["a word"],
  text: ["a word", "a long text"],
  "any text": ["a word", "an empty text", "a long text"],
  duration: ["number"],
  until: ["number"],
  count: ["number"],
  "count or null": ["null", "number"],
  number: ["number", "negative"],
  port: ["number"],
  boolean: ["boolean"],
  share: ["boolean"],
  retry: ["number", "object", "a foreign object"],
  function: ["function"],
  options: ["object"],
  "text or null": ["null", "a word", "a long text"],
  "options or a function": ["object", "function"],
  "options or a url": ["a word", "a long text", "object"],
  "wait key": ["number", "negative", "a word"],
  object: ["object", "function", "a foreign object"],
  array: ["array"],
  // Some of them JSON empties; what it loses is tested with JSON.
  json: [
    "undefined",
    "null",
    "boolean",
    "number",
    "negative",
    "a word",
    "an empty text",
    "a long text",
    "array",
    "object",
    "an invalid Date",
    "a foreign object",
  ],
  "unread object": ["object", "a circular object", "a foreign object"],
  parts: [],
  "json object": ["object", "a foreign object"],
  log: ["object", "a foreign object"],
  columns: [],
  execution: [],
  id: [],
  moment: [],
  choice: [],
  "something made": [],
  anything: Object.keys(VALUES) as ValueName[],
} as const satisfies Record<string, readonly ValueName[]>;

/** What an argument can be. */
export type Kind = keyof typeof FITS;

/** An argument of a call. */
export interface Argument {
  /** Its name, as errors say it. */
  readonly name: string;
  /** What it can be. */
  readonly kind: Kind;
  /** A value that is right. */
  readonly good?: unknown;
  /** Whether it can be left out. */
  readonly optional?: true;
  /** The options in it, each with what it can be. */
  readonly members?: Readonly<Record<string, Kind>>;
}

/** A function or method, and what it takes. */
export interface Callable {
  /** Calls it. */
  readonly call: (...args: never[]) => unknown;
  /** What it takes; the last ones may be left out. */
  readonly takes: readonly Argument[];
}

/** Everything wrong with how a function refuses wrong arguments. */
export async function sweep(name: string, { call, takes }: Callable): Promise<string[]> {
  const faults: string[] = [];
  const good = takes.map((argument) => argument.good);
  for (const [index, argument] of takes.entries()) {
    for (const wrong of wrongValues(argument.kind, argument.optional === true)) {
      const args = good.with(index, VALUES[wrong]);
      const names = [argument.name, ...Object.keys(argument.members ?? {})];
      const fault = await faultOf(call, args, { names, value: VALUES[wrong] });
      if (fault !== undefined) faults.push(`${name}(${argument.name}: ${wrong}): ${fault}`);
    }
    faults.push(...await sweepMembers(name, { call, good, index, argument }));
  }
  return faults;
}

async function sweepMembers(
  name: string,
  given: { call: Callable["call"]; good: readonly unknown[]; index: number; argument: Argument },
): Promise<string[]> {
  const { call, good, index, argument } = given;
  if (argument.members === undefined) return [];
  const faults: string[] = [];
  const withOption = (option: string, value: unknown): unknown[] =>
    good.with(index, { ...good[index] as object, [option]: value });
  for (const [member, kind] of Object.entries(argument.members)) {
    for (const wrong of wrongValues(kind, true)) {
      const fault = await faultOf(call, withOption(member, VALUES[wrong]), {
        names: [member],
        value: VALUES[wrong],
      });
      if (fault !== undefined) faults.push(`${name}({ ${member}: ${wrong} }): ${fault}`);
    }
  }
  const typo = Object.keys(argument.members)[0]! + "x";
  const refusal = await refusalOf(call, withOption(typo, 1));
  const message = refusal instanceof Error ? refusal.message : String(refusal);
  if (!message.includes(`has no option "${typo}"`) || !message.includes("Did you mean")) {
    faults.push(`${name}({ ${typo}: … }): ${message}`);
  }
  const listed = /It takes: (.*)$/.exec(message)?.[1]?.split(", ").sort().join(", ");
  const expected = Object.keys(argument.members).sort().join(", ");
  if (listed !== expected) faults.push(`${name}(): takes ${listed}, the sweep knows ${expected}`);
  return faults;
}

function wrongValues(kind: Kind, isOptional: boolean): ValueName[] {
  const fitting: readonly string[] = FITS[kind];
  return (Object.keys(VALUES) as ValueName[])
    .filter((value) => !fitting.includes(value) && !(value === "undefined" && isOptional));
}

async function refusalOf(call: Callable["call"], args: readonly unknown[]): Promise<unknown> {
  try {
    const answered = await (call as (...args: unknown[]) => unknown)(...args);
    return `accepted, with ${describe(answered)}`;
  } catch (error) {
    return error;
  }
}

/** What JavaScript, the drivers and Postgres say where we should have said it first. */
const RAW =
  /undefined undefined|\[object|is not a function|Cannot read propert|Cannot convert|is not iterable|UNDEFINED_VALUE|invalid input syntax/;

async function faultOf(
  call: Callable["call"],
  args: readonly unknown[],
  about: { names: readonly string[]; value: unknown },
): Promise<string | undefined> {
  const refusal = await refusalOf(call, args);
  if (!(refusal instanceof RhythmError)) return String(refusal instanceof Error ? refusal.stack : refusal);
  const { message, code } = refusal;
  if (RAW.test(message)) return `a raw error: ${message}`;
  if (message.length > 1_000) return `a sentence of ${message.length} characters`;
  // What contains itself is refused for the option "self" where options are meant.
  if (about.value === circular && message.includes('has no option "self"')) return undefined;
  const names = code === "INVALID_ID" ? ["the id of an execution"] : about.names.map((name) => `"${name}"`);
  if (!code.startsWith("JSON") && !names.some((name) => message.includes(name))) {
    return `does not name ${names.join(" or ")}: ${message}`;
  }
  // What is missing in it, or wrong, is what the sentence is about.
  if ([VALUES.object, VALUES.array, circular].includes(about.value as never)) return undefined;
  const got = code.startsWith("JSON") || message.includes("Cannot read") ? "" : describe(about.value);
  return message.includes(got) ? undefined : `does not say that it got ${got}: ${message}`;
}
