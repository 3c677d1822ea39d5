import { isLostRace } from "../db/error_kind.ts";
import type { Clock } from "../runtime/clock.ts";

/**
 * Makes a call again, a few times, after a lost race: a deadlock, or a snapshot that was too old. In a caller's own
 * transaction that is for the caller to do, from its beginning: the driver's error reaches him as it is.
 *
 * @param clock measures the pauses
 * @param call something that is all or nothing
 */
export async function retried<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isLostRace(error) || attempt === 5) throw error;
      await clock.sleep(10 * 2 ** attempt * clock.random());
    }
  }
}
