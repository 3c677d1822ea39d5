import { systemClock } from "../runtime/clock.ts";
import { checkShape, FUNCTION, type LogFields, type Logger, type Shape } from "../define/mod.ts";

/** How much is written. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** How a line looks. */
export type LogFormat = "json" | "human";

/** How a process logs. */
export interface LogOptions {
  /** The least severe level that is written. Default: `info`. */
  level?: LogLevel;
  /** JSON for machines, or lines for people. Default: lines on a terminal, JSON elsewhere. */
  format?: LogFormat;
  /** Gets each finished line. Default: standard error. */
  write?: (line: string) => void;
  /** The clock. */
  now?: () => Date;
}

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
const LOG: Shape = {
  level: { kind: "choice", values: LEVELS },
  format: { kind: "choice", values: ["json", "human"] },
  write: FUNCTION,
  now: FUNCTION,
};
const COLOURS = { debug: 90, info: 36, warn: 33, error: 31, silent: 0 } as const;

/**
 * A logger that writes one line per event.
 *
 * @param options how much, in which form, and where to
 * @returns the logger
 */
export function createLogger(options: LogOptions = {}): Logger {
  checkLogOptions(options, "createLogger()");
  const least = LEVELS.indexOf(options.level ?? "info");
  const write = options.write ?? writeStderr;
  const now = options.now ?? ((): Date => new Date(systemClock.now()));
  const terminal = options.write === undefined && Deno.stderr.isTerminal();
  const render = (options.format ?? (terminal ? "human" : "json")) === "json"
    ? jsonLine
    : humanLine(terminal && !Deno.noColor);
  // Whatever it is given: what is logged must not bring down who logs it.
  const log = (level: LogLevel) => (message: string, fields?: LogFields): void => {
    if (LEVELS.indexOf(level) >= least) write(render(now(), level, String(message), Object(fields)));
  };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

/** Checks how a process logs. */
export function checkLogOptions(options: LogOptions, where: string): void {
  checkShape(options, LOG, { where });
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
    const pairs = Object.entries(fields).map(([key, value]) => paint(90, `${key}=`) + brief(value));
    const head = `${paint(90, time.toISOString().slice(11, 23))} ${paint(COLOURS[level], level.padEnd(5))}`;
    return [head, message, ...pairs].join(" ");
  };
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
