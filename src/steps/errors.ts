import type { ExecutionError } from "../define/mod.ts";
import { RhythmError } from "../shared/error.ts";

/**
 * Thrown by a step to say that nothing is decided: the step is not failed, it runs again. Where a worker runs the
 * workflow, after a pause; where the workflow was called directly, when it is called again.
 *
 * @example A service that does not answer
 * ```ts
 * import { step, TransientStepError } from "@rhythm/core/steps";
 *
 * const fetchRates = step("fetch_rates", async (_ctx, url: string) => {
 *   const response = await fetch(url);
 *   if (response.status === 503) throw new TransientStepError("The bank is closed");
 *   return await response.json();
 * });
 * console.log(fetchRates.name);
 * ```
 */
export class TransientStepError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name: string = "TransientStepError";

  /**
   * Makes the error and its sentence.
   *
   * @param message what did not work
   * @param options the error that caused this one
   */
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { ...options, code: "STEP_TRANSIENT" });
  }
}

/** Thrown in place of a step that failed in an earlier run: name, message, code and data are those of then. */
export class StepFailedError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name: string;
  /** The step that failed. */
  readonly step: string;
  /** What the error carried. */
  readonly data: unknown;

  /**
   * Makes the error and its sentence.
   *
   * @param step the step
   * @param error what was stored
   */
  constructor(step: string, error: ExecutionError) {
    super(error.message, { code: error.code ?? "STEP_FAILED" });
    this.name = error.type;
    this.step = step;
    this.data = error.data;
  }
}

/** Thrown when a workflow is run that failed before, and by `ctx.run()` when the child failed. */
export class WorkflowFailedError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name: string;
  /** What the error carried. */
  readonly data: unknown;

  /**
   * Makes the error and its sentence.
   *
   * @param error what was stored
   */
  constructor(error: ExecutionError) {
    super(error.message, { code: error.code ?? "WORKFLOW_FAILED" });
    this.name = error.type;
    this.data = error.data;
  }
}

/** Thrown when a workflow that was cancelled is run, or goes on. */
export class WorkflowCancelledError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "WorkflowCancelledError";

  /**
   * Makes the error and its sentence.
   *
   * @param workflow its name
   * @param id its id
   * @param reason why it was cancelled
   */
  constructor(workflow: string, id: string, reason: string) {
    super(`Workflow "${workflow}" (${id}) was cancelled: ${reason}`, { code: "WORKFLOW_CANCELLED" });
  }
}

/** Thrown for a second call of a step while the first is still running: both would share one result. */
export class DuplicateStepError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "DuplicateStepError";
  /** The step. */
  readonly step: string;

  /**
   * Makes the error and its sentence.
   *
   * @param step the step
   */
  constructor(step: string) {
    super(
      `Step "${step}" is running already: in one workflow a step runs once, and calls under one name share its result. ` +
        `To run it several times give each call a key: step.with({ key })(ctx, …)`,
      { code: "STEP_DUPLICATE" },
    );
    this.step = step;
  }
}

/** Thrown for a context that cannot be used where it was passed. */
export class ContextError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "ContextError";

  /**
   * Makes the error and its sentence.
   *
   * @param message what is wrong
   * @param code which wrong it is
   */
  constructor(message: string, code: string) {
    super(message, { code });
  }
}

const BUILT_IN: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/**
 * A stored failure as an error again: one of JavaScript's own classes where it was one, otherwise an error with the
 * name it had.
 */
export function reviveError(step: string, error: ExecutionError): Error {
  const constructor = BUILT_IN[error.type];
  if (constructor === undefined || error.code !== undefined || error.data !== undefined) {
    return new StepFailedError(step, error);
  }
  const revived = new constructor(error.message);
  if (typeof error.stack === "string") revived.stack = error.stack;
  return revived;
}
