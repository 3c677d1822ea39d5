import { knownErrors, RhythmError } from "../shared/error.ts";

/** What Postgres says of an error, as both drivers give it. */
export interface ServerError {
  /** The SQLSTATE. */
  code: string;
  /** The message. */
  message: string;
  /** What to do about it. */
  hint?: string;
  /** Particulars. */
  detail?: string;
}

/** Thrown when the engine refuses a call; `code` is the SQLSTATE (class `RH`), `hint` says what to do. */
export class EngineError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name: string = "EngineError";
  /** What to do about it, where the engine knows. */
  readonly hint?: string;
  /** Particulars, such as the path to the value that was refused. */
  readonly detail?: string;

  /**
   * Makes the error and its message.
   *
   * @param error what the server said
   * @param options the driver's error as `cause`
   */
  constructor(error: ServerError, options: ErrorOptions = {}) {
    super(error.hint ? `${error.message}. ${error.hint}` : error.message, { ...options, code: error.code });
    if (error.hint) this.hint = error.hint;
    if (error.detail) this.detail = error.detail;
  }
}

/** Thrown when Postgres itself refuses a statement (SQLSTATE in `code`): a missing right, a syntax error in a user's own SQL, … */
export class StatementError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "StatementError";
}

/** Thrown for a wrong argument (`RH001`): the message names it and says what was expected. */
export class InvalidArgumentError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "InvalidArgumentError";
}

/** Thrown when an execution that was asked for does not exist (`RH002`): it was never created, or was purged after its end. */
export class ExecutionNotFoundError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "ExecutionNotFoundError";

  /**
   * The error for an unknown id.
   *
   * @param id the id
   */
  static of(id: string): ExecutionNotFoundError {
    const message = `There is no execution "${id}": it was never created, or it was purged after its end`;
    return new ExecutionNotFoundError({ code: "RH002", message });
  }
}

/** Thrown when an execution is not in a state for what was asked (`RH003`): it has ended, or is of another kind. */
export class ExecutionStateError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "ExecutionStateError";
}

/** Thrown for a flow or schedule that is not registered (`RH004`). */
export class UnknownNameError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "UnknownNameError";
}

/** Thrown when inputs do not match the schema of their flow (`RH005`). Trying again cannot help. */
export class FlowInputError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "FlowInputError";

  /** Where in the inputs: `items[2].price`; empty: the inputs as a whole. */
  get path(): string {
    return String(this.#particulars().path ?? "");
  }

  /** Which rule of the schema they break: `required`, `type`, `minimum` … */
  get rule(): string {
    return String(this.#particulars().rule ?? "");
  }

  #particulars(): Record<string, unknown> {
    return this.detail === undefined ? {} : JSON.parse(this.detail);
  }
}

/** Thrown for inputs, an output or a payload above the size that is set (`RH006`). */
export class PayloadTooLargeError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "PayloadTooLargeError";
}

/** Thrown to a worker that is not registered, or counts as dead (`RH008`). */
export class WorkerNotRegisteredError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "WorkerNotRegisteredError";
}

/** Thrown when pg_cron cannot be used (`RH009`): the hint says what to do. */
export class PgCronError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "PgCronError";
}

/** Thrown to a worker whose transaction has another isolation level than read committed (`RH010`). */
export class IsolationError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "IsolationError";
}

/** Thrown to a worker in a copy of the database, or in one of another environment (`RH011`): nothing runs there until `adopt()`. */
export class NotAdoptedError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "NotAdoptedError";
}

/** Thrown when another execution has the key of `unique` (`RH012`), and the start did not want that one. */
export class UniqueKeyError extends EngineError {
  /** The name of the class, also where code was minified. */
  override readonly name = "UniqueKeyError";

  /** The execution that has the key. */
  get executionId(): string {
    return String(JSON.parse(this.detail ?? "{}").executionId);
  }
}

const classes: Readonly<Record<string, typeof EngineError>> = {
  RH001: InvalidArgumentError,
  RH002: ExecutionNotFoundError,
  RH003: ExecutionStateError,
  RH004: UnknownNameError,
  RH005: FlowInputError,
  RH006: PayloadTooLargeError,
  RH008: WorkerNotRegisteredError,
  RH009: PgCronError,
  RH010: IsolationError,
  RH011: NotAdoptedError,
  RH012: UniqueKeyError,
};

/** Every SQLSTATE that the engine raises itself. */
export const engineCodes: readonly string[] = Object.keys(classes);

/**
 * The error class of ours for an error of the server.
 *
 * @param error what the server said
 * @param options the driver's error as `cause`
 * @returns an error of the class that its SQLSTATE names
 */
export function engineError(error: ServerError, options: ErrorOptions = {}): EngineError {
  const found = classes[error.code] ?? (error.code.startsWith("RH") ? EngineError : StatementError);
  if (error.code !== "3F000") return new found(error, options);
  // An error's message is no member that a spread would copy.
  const { code, message, hint = notInstalled, detail } = error;
  return new found({ code, message, hint, ...(detail === undefined ? {} : { detail }) }, options);
}

const notInstalled =
  "If that is Rhythm's schema, Rhythm is not installed in this database: run `rhythm migrate`, or leave autoMigrate on";

knownErrors({
  EngineError,
  StatementError,
  InvalidArgumentError,
  ExecutionNotFoundError,
  ExecutionStateError,
  UnknownNameError,
  FlowInputError,
  PayloadTooLargeError,
  WorkerNotRegisteredError,
  PgCronError,
  IsolationError,
  NotAdoptedError,
  UniqueKeyError,
});
