import { systemClock } from "../runtime/clock.ts";
import { printable } from "../shared/printable.ts";
import {
  checkShape,
  describe,
  FUNCTION,
  InvalidOptionError,
  LOG_KINDS,
  LOG_LEVELS,
  type LogFields,
  type Logger,
  type LogKind,
  type LogLevel,
  OBJECT,
  type Shape,
} from "../define/mod.ts";

/** How a line looks. */
export type LogFormat = "json" | "human";

/** How a process logs. */
export interface LogOptions {
  /** The least severe level that is written. Default: that of `RHYTHM_LOG`, else `info`. */
  level?: LogLevel;
  /**
   * Levels for lines of one kind: about the `worker` itself, about what becomes of each `task` and `workflow`, and what a
   * `handler` says (`ctx.log`). Default: `level`.
   */
  levels?: Readonly<Partial<Record<LogKind, LogLevel>>>;
  /** JSON for machines, or lines for people. Default: lines on a terminal, JSON elsewhere. */
  format?: LogFormat;
  /** Gets each finished line. Default: standard error. */
  write?: (line: string) => void;
  /** The clock. */
  now?: () => Date;
}

const LEVEL = { kind: "choice", values: LOG_LEVELS } as const;
const LOG: Shape = {
  level: LEVEL,
  levels: OBJECT,
  format: { kind: "choice", values: ["json", "human"] },
  write: FUNCTION,
  now: FUNCTION,
};
const LEVELS: Shape = Object.fromEntries(LOG_KINDS.map((kind) => [kind, LEVEL]));
const COLOURS = { debug: 90, info: 36, warn: 33, error: 31, silent: 0 } as const;

/**
 * A logger that writes one line per event.
 *
 * @param options how much, in which form, and where to
 * @returns the logger
 */
export function createLogger(options: LogOptions = {}): Logger {
  checkLogOptions(options, "createLogger()");
  const said = options.level === undefined ? levelsOf(fromEnvironment(), "RHYTHM_LOG") : {};
  const { level = "info", levels } = { ...said, ...options };
  const write = options.write ?? writeStderr;
  const now = options.now ?? ((): Date => new Date(systemClock.now()));
  const terminal = options.write === undefined && Deno.stderr.isTerminal();
  const render = (options.format ?? (terminal ? "human" : "json")) === "json"
    ? jsonLine
    : humanLine(terminal && !Deno.noColor);
  const at = (least: LogLevel): Logger => {
    const from = LOG_LEVELS.indexOf(least);
    // Whatever it is given: what is logged must not bring down who logs it.
    const log = (lineLevel: LogLevel) => (message: string, fields?: LogFields): void => {
      if (LOG_LEVELS.indexOf(lineLevel) >= from) {
        write(render(now(), lineLevel, String(message), Object(fields)));
      }
    };
    return { level: least, debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  };
  return { ...at(level), of: (kind) => at(levels?.[kind] ?? level) };
}

/**
 * Levels as a person types them: `warn`, or `info,task=debug,handler=warn`.
 *
 * @param text what was typed
 * @param where what it was given to, for the error
 * @returns the levels
 */
export function levelsOf(text: string, where: string): Pick<LogOptions, "level" | "levels"> {
  const given: { level?: LogLevel; levels: Partial<Record<LogKind, LogLevel>> } = { levels: {} };
  for (const part of text.split(",").map((one) => one.trim()).filter(Boolean)) {
    const [kind, level] = part.includes("=")
      ? part.split("=", 2).map((one) => one.trim())
      : [undefined, part];
    const isKind = kind === undefined || LOG_KINDS.includes(kind as LogKind);
    if (!isKind || !LOG_LEVELS.includes(level as LogLevel)) {
      throw wrongLevel(where, text);
    }
    if (kind === undefined) given.level = level as LogLevel;
    else given.levels[kind as LogKind] = level as LogLevel;
  }
  return given;
}

function wrongLevel(where: string, got: string): InvalidOptionError {
  return new InvalidOptionError(
    "log",
    `${where} must be a level (${LOG_LEVELS.join(", ")}), alone or by kind (${LOG_KINDS.join(", ")}), ` +
      `such as "info,task=warn"; not ${describe(got)}`,
  );
}

function fromEnvironment(): string {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "RHYTHM_LOG" });
  return state === "granted" ? Deno.env.get("RHYTHM_LOG") ?? "" : "";
}

/** Checks how a process logs. */
export function checkLogOptions(options: LogOptions, where: string): void {
  checkShape(options, LOG, { where });
  if (options.levels !== undefined) checkShape(options.levels, LEVELS, { where, at: "levels." });
}

/** Whether a value is a logger, rather than how to log. */
export function isLogger(value: unknown): value is Logger {
  return typeof value === "object" && value !== null &&
    (["debug", "info", "warn", "error"] as const).every((level) =>
      typeof (value as Partial<Logger>)[level] === "function"
    );
}

type Render = (time: Date, level: LogLevel, message: string, fields: LogFields) => string;

const jsonLine: Render = (time, level, message, fields) => {
  const plain: Record<string, unknown> = { time: time.toISOString(), level, message };
  for (const [key, value] of Object.entries(fields)) {
    plain[key] = value instanceof Error ? flatten(value) : value;
  }
  try {
    return JSON.stringify(plain);
  } catch {
    return JSON.stringify({ time: plain.time, level, message, fields: "(not JSON)" });
  }
};

function humanLine(coloured: boolean): Render {
  const paint = (colour: number, text: string): string => coloured ? `\x1b[${colour}m${text}\x1b[0m` : text;
  return (time, level, message, fields) => {
    // The error of an execution is in the sentence; what is missing is where it was thrown.
    const stack = stackLines(fields.error);
    const pairs = Object.entries(fields).filter(([key]) => key !== "error" || stack === undefined)
      .map(([key, value]) => paint(90, `${key}=`) + brief(value));
    const head = `${paint(90, time.toISOString().slice(11, 23))} ${paint(COLOURS[level], level.padEnd(5))}`;
    const lines = [[head, message, ...pairs].join(" "), ...(stack ?? []).map((line) => paint(90, line))];
    return printable(lines.join("\n"));
  };
}

// The stack of an error as it is stored, without its first line, which repeats the message.
function stackLines(error: unknown): string[] | undefined {
  if (typeof error !== "object" || error === null || error instanceof Error || !("stack" in error)) {
    return undefined;
  }
  const { stack } = error;
  return typeof stack === "string" ? stack.split("\n").slice(1) : undefined;
}

function brief(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "string") return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "(not JSON)";
  }
}

function flatten(error: Error): Record<string, unknown> {
  const { name, message, stack } = error;
  return { name, message, stack, ...("code" in error ? { code: error.code } : {}) };
}

function writeStderr(line: string): void {
  console.error(line);
}
