import { isPassing } from "../db/error_kind.ts";
import type { Clock } from "../runtime/clock.ts";

/**
 * Does something again while the database cannot be reached, or cannot do it now: what a step did is done, only the record of it is missing.
 * If an answer was lost, the next one says whether it was stored: what is stored already is refused.
 *
 * @param clock measures the pauses
 * @param work what to do
 * @returns what it gives
 * @throws what it throws, and after about ten seconds that the database cannot be reached
 */
export async function patiently<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || attempt === ATTEMPTS) throw error;
      await clock.sleep(Math.min(2_000, 25 * 2 ** attempt));
    }
  }
}

const ATTEMPTS = 10;
