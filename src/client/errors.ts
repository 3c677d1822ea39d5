import { knownErrors, RhythmError } from "../shared/error.ts";
import { type Ask, describe, type Execution, type ExecutionError } from "../define/mod.ts";

/** Thrown for what cannot be the id of an execution. */
export class InvalidIdError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "InvalidIdError";

  /**
   * Makes the error and its message.
   *
   * @param value what was given
   */
  constructor(value: unknown) {
    super(
      `${describe(value)} is not the id of an execution; expected a UUID, or what start() and queue() return`,
      {
        code: "INVALID_ID",
      },
    );
  }
}

/** Thrown by `run.result()` when the execution failed. */
export class ExecutionFailedError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "ExecutionFailedError";
  /** The execution. */
  readonly executionId: string;
  /** The error it ended with. */
  readonly error: ExecutionError;

  /**
   * Makes the error and its message.
   *
   * @param execution the failed execution
   */
  constructor(execution: Execution) {
    const error = execution.error ?? { type: "Error", message: "no reason was stored" };
    super(`${title(execution)} failed: ${error.type}: ${error.message}`, {
      code: "EXECUTION_FAILED",
      cause: revived(error),
    });
    this.executionId = execution.id;
    this.error = error;
  }
}

/** Thrown by `run.result()` when the execution was cancelled. */
export class ExecutionCancelledError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "ExecutionCancelledError";
  /** The execution. */
  readonly executionId: string;
  /** Why it was cancelled. */
  readonly reason: string;

  /**
   * Makes the error and its message.
   *
   * @param execution the cancelled execution
   */
  constructor(execution: Execution) {
    const { id, cancelReason } = execution;
    const reason = cancelReason ?? "no reason was given";
    super(`${title(execution)} was cancelled: ${reason}`, { code: "EXECUTION_CANCELLED" });
    this.executionId = id;
    this.reason = reason;
  }
}

/** Thrown when an execution is not over when the time for waiting is. The execution goes on. */
export class WaitTimeoutError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "WaitTimeoutError";
  /** The execution. */
  readonly executionId: string;

  /**
   * Makes the error and its message.
   *
   * @param executionId the execution
   * @param seconds how long was waited
   */
  constructor(executionId: string, seconds: number) {
    super(`Execution "${executionId}" had not ended after ${seconds} s of waiting; it continues`, {
      code: "WAIT_TIMEOUT",
    });
    this.executionId = executionId;
  }
}

/** Thrown when a workflow rejected a question. */
export class AskRejectedError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "AskRejectedError";
  /** The question. */
  readonly ask: Ask;

  /**
   * Makes the error and its message.
   *
   * @param ask the question
   */
  constructor(ask: Ask) {
    const { type, message } = ask.error!;
    super(`Workflow "${ask.target}" (${ask.executionId}) rejected "${ask.name}": ${type}: ${message}`, {
      code: "ASK_REJECTED",
    });
    this.ask = ask;
  }
}

/** Thrown when a workflow has ended and has not answered a question. */
export class AskUnansweredError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "AskUnansweredError";
  /** The question. */
  readonly ask: Ask;

  /**
   * Makes the error and its message.
   *
   * @param ask the question
   */
  constructor(ask: Ask) {
    super(ask.error!.message, { code: "ASK_UNANSWERED" });
    this.ask = ask;
  }
}

/** Thrown when a question is not answered when the time for waiting is over. It stays: ask again with the same key. */
export class AskTimeoutError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "AskTimeoutError";
  /** The number of the question. */
  readonly askId: string;

  /**
   * Makes the error and its message.
   *
   * @param askId the number of the question
   * @param seconds how long was waited
   */
  constructor(askId: string, seconds: number) {
    super(`Question ${askId} had no answer after ${seconds} s of waiting; it stays open`, {
      code: "ASK_TIMEOUT",
    });
    this.askId = askId;
  }
}

/** Thrown for a question that does not exist, or was purged with its workflow. */
export class AskNotFoundError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "AskNotFoundError";

  /**
   * Makes the error and its message.
   *
   * @param askId the number of the question
   */
  constructor(askId: string) {
    super(`There is no question ${askId}: it was never asked, or it was purged with its workflow`, {
      code: "ASK_NOT_FOUND",
    });
  }
}

// A printed error shows the stack of the execution below its own.
function revived({ type, message, stack }: ExecutionError): Error {
  const error = new Error(message);
  error.name = type;
  error.stack = stack ?? `${type}: ${message}`;
  return error;
}

function title(execution: Execution): string {
  const kind = execution.type === "task" ? "Task" : "Workflow";
  return `${kind} "${execution.target}" (${execution.id})`;
}

knownErrors({
  ...{ InvalidIdError, ExecutionFailedError, ExecutionCancelledError, WaitTimeoutError },
  ...{ AskRejectedError, AskUnansweredError, AskTimeoutError, AskNotFoundError },
});
