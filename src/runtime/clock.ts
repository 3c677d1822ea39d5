import { setImmediate } from "node:timers";

/** Ends a timer that has not called back yet. */
export type CancelTimer = () => void;

/**
 * Time, timers and chance: all that differs from run to run. It is handed in, so that a test can decide every moment
 * and every number.
 */
export interface Clock {
  /** The time of day, in milliseconds since 1970. It may jump. */
  now(): number;
  /** Milliseconds since a fixed moment. It never goes back. */
  monotonic(): number;
  /**
   * Calls back once.
   *
   * @param ms how long from now
   * @param call what is called
   * @param options `background`: the timer does not keep the process alive
   */
  after(ms: number, call: () => void, options?: { readonly background?: boolean }): CancelTimer;
  /** Calls back in the next turn of the event loop, after what is ready now. */
  nextTurn(call: () => void): void;
  /** Resolves after so many milliseconds. */
  sleep(ms: number): Promise<void>;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
  /** Fills an array with random bytes that nobody can guess. */
  randomBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** A random UUID, of version 4, that nobody can guess. */
  uuid(): string;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, call, options) => {
    // Timers of the host hold 31 bits of milliseconds: what is longer would call back at once.
    const timer = setTimeout(call, Math.min(ms, LONGEST_MS));
    if (options?.background === true) unref(timer);
    return () => clearTimeout(timer);
  },
  nextTurn: (call) => void setImmediate(call),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, LONGEST_MS))),
  random: () => Math.random(),
  randomBytes: (bytes) => void crypto.getRandomValues(bytes),
  uuid: () => crypto.randomUUID(),
};

/**
 * Waits for a promise, but no longer than so.
 *
 * @param clock measures the time
 * @param promise what is waited for; its rejection is passed on if it comes in time
 * @param ms how long at most
 */
export async function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  try {
    await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

function unref(timer: unknown): void {
  if (typeof timer === "number") Deno.unrefTimer(timer);
  else (timer as { unref?: () => void }).unref?.();
}

const LONGEST_MS = 2 ** 31 - 1;
