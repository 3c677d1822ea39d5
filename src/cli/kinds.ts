/**
 * What options and operands take, by the word in their angle brackets: `--limit <number>`. Each reads its text or says
 * what it wants. So a wrong value is refused in one way, before anything is opened.
 *
 * @module
 */
import { systemClock } from "../runtime/clock.ts";
import { describe, DURATION, FINGERPRINT, KEY, MOMENT, NAME } from "../shared/arguments.ts";
import { durationMs } from "../shared/duration.ts";
import { RhythmError } from "../shared/error.ts";
import { schemaProblem } from "../shared/names.ts";
import { fits, type OptionType, wantedBy } from "../shared/options.ts";
import { didYouMean } from "../shared/suggest.ts";
import { CliError } from "./cli_error.ts";

/** What an option or operand takes. */
export interface Kind {
  /** What it takes, as messages say it after "must be". */
  readonly wanted: string;
  /** Reads it; `undefined` means that the text does not fit. */
  readonly read: (text: string) => unknown;
  /** The words to choose from, if there are only these. */
  readonly words?: readonly string[];
}

/**
 * Reads a value.
 *
 * @param text what was typed
 * @param what the name of the option or operand, for the error: `--limit`, `<id>`
 * @param kind what it takes
 * @throws {CliError} the text does not fit
 */
export function readAs(text: string, what: string, kind: Kind): unknown {
  let value: unknown;
  try {
    value = kind.read(text);
  } catch (error) {
    if (!(error instanceof RhythmError)) throw error;
    throw new CliError(`${what}: ${error.message}`, { cause: error });
  }
  if (value !== undefined) return value;
  const meant = didYouMean(text, kind.words ?? []).trim().replace(/^D/, "d").replaceAll('"', "`");
  throw new CliError(
    `${what} must be ${kind.wanted}, not ${describe(text)}`,
    meant === "" ? {} : { hint: meant },
  );
}

/** What stands in the angle brackets of an option or operand. */
export function kindNamed(word: string): Kind {
  const kind = KINDS[word.replace(/\.\.\.$/, "")];
  if (kind === undefined) throw new TypeError(`no kind of value is called <${word}>`);
  return kind;
}

/** A whole number. */
export function numberFrom(least: number, most = 2_147_483_647): Kind {
  const range = most === 2_147_483_647 ? `of at least ${least}` : `from ${least} to ${most}`;
  return {
    wanted: `a whole number ${range}`,
    read: (text) => {
      const value = /^-?\d+$/.test(text.trim()) ? Number(text) : NaN;
      return value >= least && value <= most ? value : undefined;
    },
  };
}

/** One of a few words. */
export function oneOf(words: readonly string[]): Kind {
  return {
    wanted: wantedBy({ kind: "choice", values: words }),
    read: (text) => words.includes(text) ? text : undefined,
    words,
  };
}

/** Several of a few words, with commas. */
export function someOf(words: readonly string[]): Kind {
  return {
    wanted: `one or several of ${words.join(", ")}, with commas`,
    read: (text) => {
      const given = text.split(",").map((one) => one.trim());
      return given.every((one) => words.includes(one)) ? given : undefined;
    },
    words,
  };
}

/** What an option of the table takes. JSON is read later, as it may stand in a file. */
export function ofType(type: OptionType): Kind {
  if (type.kind === "execution") return ID;
  if (type.kind === "object" || type.kind === "retry" || type.kind === "parts") return JSON_TEXT;
  return {
    wanted: wantedBy(type),
    read: (text) => {
      if (type.kind === "duration") durationMs(text);
      const value = type.kind === "number" ? numberOf(text) : text;
      return fits(type, value) ? value : undefined;
    },
  };
}

/** A moment, or how long ago. */
export const PAST: Kind = {
  wanted: "a moment (2026-01-31T08:00:00Z) or how long ago (2h)",
  read: (text) => {
    if (fits(MOMENT, text)) return new Date(text);
    return fits(DURATION, text) ? new Date(systemClock.now() - durationMs(text)) : undefined;
  },
};

/** A variable and its new value. What is no JSON is a text. */
export const ASSIGNMENT: Kind = {
  wanted: 'a variable and a value, such as amount=40 or order={"id": 1}',
  read: (text) => /^[\p{L}_$][\p{L}\p{N}_$]*=/u.test(text) ? text : undefined,
};

/** A line of one version, and a line of another one. */
export const LINES: Kind = {
  wanted: "two line numbers, such as 12=14",
  read: (text) => /^[1-9]\d{0,5}=[1-9]\d{0,5}$/.test(text) ? text : undefined,
};

/** A step, a moment, or how long ago. */
export const STEP_OR_TIME: Kind = {
  wanted: "the number of a step, a moment (2026-01-31T08:00:00Z) or how long ago (2h)",
  read: (text) => numberFrom(1).read(text) ?? PAST.read(text),
};

/** No system takes a longer one. */
const LONGEST_PATH = 4_096;

function numberOf(text: string): number {
  return text.trim() === "" ? NaN : Number(text);
}

function textThat(wanted: string, isFit: (text: string) => boolean): Kind {
  return { wanted, read: (text) => isFit(text) ? text : undefined };
}

const isGiven = (text: string): boolean => text.trim() !== "";
const isPath = (text: string): boolean => isGiven(text) && text.length <= LONGEST_PATH;

const ID = textThat(
  "the id of an execution, or its last 8 digits",
  (text) => fits({ kind: "id" }, text) || /^[0-9a-f]{8}$/i.test(text),
);

/** An execution, or a step of one. Eight digits are the end of an id. */
export const ID_OR_STEP: Kind = {
  wanted: `the number of a step, or ${ID.wanted}`,
  read: (text) => ID.read(text) ?? numberFrom(1).read(text),
};
const JSON_TEXT: Kind = { wanted: "JSON", read: (text) => text };
const NAMED = ofType(NAME);
const PATH = textThat(`a path of 1 to ${LONGEST_PATH} characters`, isPath);

const KINDS: Readonly<Record<string, Kind>> = {
  name: NAMED,
  task: NAMED,
  workflow: NAMED,
  flow: NAMED,
  queue: NAMED,
  target: NAMED,
  names: {
    wanted: `names with commas between them, each of ${wantedBy(NAME).replace("a name of ", "")}`,
    read: (text) => {
      const names = text.split(",").map((one) => one.trim());
      return names.every((one) => fits(NAME, one)) ? names : undefined;
    },
  },
  "variable=json": ASSIGNMENT,
  "line=line": LINES,
  "name=json": textThat(
    'a signal such as approval, or approval={"ok": true}',
    (text) => fits(NAME, text.split("=", 1)[0]),
  ),
  "name=value": textThat("a variable and its value, such as orderId=1042", (text) => /^[^=]+=/.test(text)),
  id: ID,
  worker: textThat("the id, the last 8 digits of it, or the name of a worker", (text) => fits(NAME, text)),
  operation: textThat(
    "the id of an operation, or its last 8 digits",
    (text) => fits({ kind: "id" }, text) || /^[0-9a-f]{8}$/i.test(text),
  ),
  fingerprint: textThat("digits, as `rhythm failures` shows them", (text) => FINGERPRINT.fits(text)),
  signal: NAMED,
  key: ofType(KEY),
  text: textThat("a text", () => true),
  number: numberFrom(1),
  version: numberFrom(1),
  port: numberFrom(0, 65_535),
  duration: {
    wanted: wantedBy(DURATION),
    read: (text) => {
      durationMs(text);
      return text;
    },
  },
  time: {
    wanted: wantedBy(MOMENT),
    read: (text) => fits(MOMENT, text) ? new Date(text) : undefined,
  },
  json: JSON_TEXT,
  inputs: JSON_TEXT,
  payload: JSON_TEXT,
  url: textThat("postgres://… or a directory for the embedded database", isPath),
  schema: { wanted: "the name of a schema", read: readSchema },
  path: PATH,
  paths: PATH,
  file: PATH,
  module: PATH,
  directory: PATH,
  address: textThat(
    "an address or a host name, such as 0.0.0.0",
    (text) => /^[\p{L}\p{N}_.:%[\]-]+$/u.test(text),
  ),
  levels: textThat("levels, such as info or info,task=warn", isGiven),
  // Whether there is such a zone, and whether such a schedule ever fires, only the database knows.
  zone: textThat("a time zone, such as Europe/Berlin", (text) => isGiven(text) && text.length <= 200),
  cron: textThat('a cron expression, such as "0 2 * * *" or @daily', isGiven),
};

function readSchema(text: string): string {
  const problem = schemaProblem(text);
  if (problem === undefined) return text;
  throw new RhythmError(`Cannot use ${describe(text)} as a schema: ${problem}`, {
    code: "SCHEMA_NAME_INVALID",
  });
}
