import { systemClock } from "../runtime/clock.ts";

/**
 * Waits a while.
 *
 * @param ms how long
 * @param signal ends the waiting; the caller must end, too
 * @returns always true: an ended waiting throws the signal's reason
 */
export async function pause(ms: number, signal: AbortSignal): Promise<true> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<true>();
  const cancel = systemClock.after(ms, () => resolve(true));
  const ended = (): void => reject(signal.reason);
  signal.addEventListener("abort", ended, { once: true });
  try {
    return await promise;
  } finally {
    cancel();
    signal.removeEventListener("abort", ended);
  }
}
