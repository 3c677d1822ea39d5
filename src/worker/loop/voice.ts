import { LOG_LEVELS, type Logger, type LogKind, type LogLevel } from "../../define/mod.ts";

/** A logger for lines of one kind, and the least severe level that it writes. */
export interface Voice {
  /** Where lines go. */
  readonly logger: Logger;
  /** The place of its level in `LOG_LEVELS`. */
  readonly least: number;
}

/**
 * The logger for lines of one kind. A logger that does not tell its level gets `info` and above.
 *
 * @param logger the logger of the application
 * @param kind what the lines are about
 */
export function voiceOf(logger: Logger, kind: LogKind): Voice {
  const own = logger.of?.(kind) ?? logger;
  const least = LOG_LEVELS.indexOf(own.level as LogLevel);
  return { logger: own, least: least < 0 ? LOG_LEVELS.indexOf("info") : least };
}

/** Whether lines of a level are written. Lines that are not written are not made. */
export function isOn({ least }: Voice, level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= least;
}
