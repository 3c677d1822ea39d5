import type { TaskContext, TaskLog, TransactionalContext } from "./context.ts";
import { RhythmError } from "../shared/error.ts";
import { newId } from "./uuid.ts";

const consoleLog: TaskLog = {
  debug: (message, data) => console.debug(...line(message, data)),
  info: (message, data) => console.info(...line(message, data)),
  warn: (message, data) => console.warn(...line(message, data)),
  error: (message, data) => console.error(...line(message, data)),
};

/** The context of a direct call: an execution that exists only here, in its first attempt, which cannot be cancelled. */
export function directContext(taskName: string): TransactionalContext {
  const context: TaskContext = {
    executionId: newId(),
    taskName,
    attempt: 1,
    signal: new AbortController().signal,
    metadata: {},
    log: consoleLog,
    progress: () => {},
    checkpoint: () => Promise.resolve(),
    lastCheckpoint: undefined,
    heartbeat: () => Promise.resolve(),
  };
  return Object.defineProperty(context, "sql", {
    get(): never {
      throw new RhythmError(`Task "${taskName}" has no ctx.sql: it is not declared transactional`, {
        code: "NO_SQL",
      });
    },
  }) as TransactionalContext;
}

function line(message: string, data: unknown): unknown[] {
  return data === undefined ? [message] : [message, data];
}
