import { BOOLEAN, checkOptions, type RetryPolicy } from "../define/mod.ts";

/** What holds for a step. */
export interface StepOptions {
  /** When and how often an attempt that threw is repeated; a number is `maxAttempts`. Default: not at all. */
  retry?: Omit<RetryPolicy, "crashes"> | number;
  /** Gives the function the transaction that saves its result, as `ctx.sql`: both commit, or neither. */
  transactional?: boolean;
}

/** Checks the options of a step. */
export function checkStepOptions(options: StepOptions, where: string): void {
  checkOptions(options, { in: "step", where, also: { transactional: BOOLEAN } });
}
