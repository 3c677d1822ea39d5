/** Where a process writes what happens: structured, a message and its fields. */
export interface Logger {
  /** For debugging. */
  debug(message: string, fields?: LogFields): void;
  /** What happened. */
  info(message: string, fields?: LogFields): void;
  /** What should not have happened, and was dealt with. */
  warn(message: string, fields?: LogFields): void;
  /** What went wrong. */
  error(message: string, fields?: LogFields): void;
  /** The least severe level that it writes: less severe lines are not even made. Default: `info`. */
  readonly level?: string;
  /** A logger for lines of one kind, with a level of its own. Default: this one. */
  of?(kind: LogKind): Logger;
}

/** How much is written. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** The levels of log lines, the least severe first; `silent` is above all lines. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const satisfies readonly LogLevel[];

/** What a log line is about: the worker itself; the results of tasks and of workflows; lines of handlers (`ctx.log`). */
export type LogKind = "worker" | "task" | "workflow" | "handler";

/** All of them. */
export const LOG_KINDS = ["worker", "task", "workflow", "handler"] as const satisfies readonly LogKind[];

/** The fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A piece of work as tracing sees it. */
export interface SpanSpec {
  /** Its name: `task send_email`. */
  readonly name: string;
  /** Whether it hands work on, or does work that was handed on. */
  readonly kind: "producer" | "consumer";
  /** The W3C trace context it belongs to; without it, the one that is active here. */
  readonly traceparent?: string | null;
  /** What is known about it. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Tracing, as client and worker use it. Missing if no spans are collected, so that it costs nothing then. */
export interface Telemetry {
  /**
   * Runs something inside a span, which ends with it and records its error.
   *
   * @param spec what it is
   * @param run gets the span's own W3C trace context, to hand on
   */
  span<T>(spec: SpanSpec, run: (traceparent: string | undefined) => Promise<T>): Promise<T>;
}
