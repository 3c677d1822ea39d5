/**
 * Waits for a promise, but no longer than so.
 *
 * @param promise what is waited for; its rejection is passed on if it comes in time
 * @param ms how long at most
 */
export async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
