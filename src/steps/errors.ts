import { knownErrors, RhythmError } from "../shared/error.ts";

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

knownErrors({ TransientStepError, WorkflowCancelledError, DuplicateStepError, ContextError });
