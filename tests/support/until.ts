/**
 * Waiting in tests.
 *
 * @module
 */

/**
 * Asks again and again until the answer is yes.
 *
 * @throws after two minutes, which is long for the busiest machine.
 */
export async function until(holds: () => boolean | Promise<boolean>, what = String(holds)): Promise<void> {
  const last = performance.now() + 120_000;
  while (!await holds()) {
    if (performance.now() > last) throw new Error(`Waited two minutes in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
