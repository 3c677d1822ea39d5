import { describe, InvalidOptionError, refuseUnknown, type RetryPolicy } from "../define/mod.ts";
import { checkRetry } from "../define/options.ts";

/** What holds for a step. */
export interface StepOptions {
  /** When and how often a failed attempt is made again. Default: the first failure is final. */
  retry?: RetryPolicy;
  /** Gives the function the transaction that saves its result, as `ctx.sql`: both commit, or neither. */
  transactional?: boolean;
}

/** Checks the options of a step. */
export function checkStepOptions(options: StepOptions, where: string): void {
  refuseUnknown(options, ["retry", "transactional"], where);
  if (options.retry !== undefined) checkRetry(options.retry, where);
  if (options.transactional !== undefined && typeof options.transactional !== "boolean") {
    throw new InvalidOptionError(
      "transactional",
      `${where}: "transactional" must be true or false, not ${describe(options.transactional)}`,
    );
  }
}
