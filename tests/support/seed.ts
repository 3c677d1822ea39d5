/**
 * The seed of what tests draw at random.
 *
 * @module
 */

const asked = Deno.env.get("RHYTHM_TEST_SEED") ?? "20260101";

/**
 * The same in every run, so that a failure speaks of the change and not of the day. `RHYTHM_TEST_SEED` gives another:
 * a number, or `random`.
 */
export const testSeed: number = asked === "random" ? Date.now() % 0x7fffffff : Number(asked);
if (!Number.isInteger(testSeed)) throw new Error(`RHYTHM_TEST_SEED=${asked}: expected a number or "random"`);
