import type { Clock } from "../runtime/clock.ts";
import { DatabaseUnavailableError, EngineError } from "../db/errors.ts";

/** Whether an error says nothing about the question: the connection is gone, the server restarts, a lock was in the way. */
export function isTransient(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  return error instanceof EngineError && /^(40001|40P01|55P03|53|57)/.test(error.code);
}

/**
 * Makes a call again, a few times, after an error that passes: a deadlock, a lost race of transactions.
 *
 * @param clock measures the pauses
 * @param call something that is all or nothing
 */
export async function retried<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      const passes = error instanceof EngineError && /^40(001|P01)$/.test(error.code);
      if (!passes || attempt === 5) throw error;
      await clock.sleep(10 * 2 ** attempt * clock.random());
    }
  }
}
