import { knownErrors, RhythmError } from "../shared/error.ts";
import { describeIssues, type SchemaIssue } from "./schema.ts";

/** Thrown when an input does not satisfy the schema of its task or flow. Trying again cannot help. */
export class InvalidInputError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "InvalidInputError";
  /** What the schema found, one by one. */
  readonly issues: readonly SchemaIssue[];

  /**
   * Makes the error and its message.
   *
   * @param target the task the input was meant for
   * @param issues what its schema found
   */
  constructor(target: string, issues: readonly SchemaIssue[]) {
    super(`The input of task "${target}" does not satisfy its schema: ${describeIssues(issues)}`, {
      code: "INVALID_INPUT",
    });
    this.issues = issues;
  }
}

/** Thrown when something needs the default application and `Rhythm.init()` has not made one yet. */
export class NotInitializedError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "NotInitializedError";

  /**
   * Makes the error and its message.
   *
   * @param what what was called too early
   */
  constructor(what: string) {
    super(`${what} needs an application: call \`await Rhythm.init(…)\` first`, { code: "NOT_INITIALIZED" });
  }
}

/** Thrown when an application, an `Admin` or a test's application is used after it was closed. */
export class ClosedError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "ClosedError";

  /**
   * Makes the error and its message.
   *
   * @param what what was closed
   * @param options the error that a call met which was under way as `cause`
   */
  constructor(what: string, options: ErrorOptions = {}) {
    super(`${what} is closed and can no longer be used`, { ...options, code: "CLOSED" });
  }
}

/**
 * Thrown by a handler to say that another attempt cannot help: the execution fails at once, whatever its retry policy.
 *
 * @example Give up on a card that was refused
 * ```ts
 * import { NonRetryableError } from "@rhythm/core";
 *
 * function charge(balance: number): void {
 *   if (balance < 0) throw new NonRetryableError("The card was refused", { code: "CARD_REFUSED" });
 * }
 * ```
 */
export class NonRetryableError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name: string = "NonRetryableError";
  /** What a program may want to know about the failure; kept with the error if JSON can carry it. */
  readonly data: unknown;

  /**
   * Makes the error and its message.
   *
   * @param message what happened, for people
   * @param options a code and data for programs, and the error that caused this one
   */
  constructor(message: string, options: ErrorOptions & { code?: string; data?: unknown } = {}) {
    super(message, { cause: options.cause, code: options.code ?? "NON_RETRYABLE" });
    this.data = options.data;
  }
}

knownErrors({ InvalidInputError, NotInitializedError, ClosedError, NonRetryableError });
