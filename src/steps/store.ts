import type { StepNews, StepRow } from "../db/calls/steps.ts";
import type { SqlTag } from "../define/mod.ts";
import { RhythmError } from "../shared/error.ts";

export type { StepKind, StepNews, StepRow } from "../db/calls/steps.ts";

/** Where the steps of workflows are kept, as one run of one workflow sees it. */
export interface StepStore {
  /** Reads the steps of a workflow, in the order in which they ended. */
  load(execution: string): Promise<readonly StepRow[]>;
  /**
   * Saves a step.
   *
   * @throws {LeaseLostError} the workflow is not this process's any more
   */
  save(news: StepNews): Promise<void>;
  /**
   * Runs a step in the transaction that saves it.
   *
   * @param body gets the transaction, gives the result to save; if it throws, nothing of it stays
   * @throws {LeaseLostError} the workflow is not this process's any more, or the step is over already
   */
  saveInTransaction(body: (sql: SqlTag) => Promise<StepNews>): Promise<void>;
}

/** Thrown when a workflow that ran here belongs to another process by now: nothing more can be saved for it. */
export class LeaseLostError extends RhythmError {
  override readonly name = "LeaseLostError";

  /** @param execution the workflow @param step the step that could not be saved */
  constructor(execution: string, step: string) {
    super(
      `Cannot save step "${step}" of workflow ${execution}: the workflow was cancelled, timed out, or is run by another process by now`,
      { code: "LEASE_LOST" },
    );
  }
}
