/** How often a worker that is awake looks for what time brings: nobody notifies it of what is due at another time. */
export const AWAKE_TICK_MS = 1_000;

/**
 * How long a worker that knows of nothing due waits before it looks for what time brings. Those that sleep look in
 * turns, each at a moment of its own.
 *
 * @param turnMs the most that the engine allows one that sleeps
 * @param chance from 0 to 1
 * @returns milliseconds
 */
export function tickPause(turnMs: number, chance: number = Math.random()): number {
  return Math.max(AWAKE_TICK_MS, turnMs * (1 + chance) / 2);
}
