import { ClosedError, NotInitializedError } from "../define/mod.ts";
import type { Rhythm } from "./rhythm.ts";

let current: Rhythm | undefined;
let isClosed = false;

/** Makes an application the one that the module functions use. */
export function makeDefault(rhythm: Rhythm): void {
  current = rhythm;
}

/** Forgets an application that closes; tells whether it was the default. */
export function forgetDefault(rhythm: Rhythm): boolean {
  if (current !== rhythm) return false;
  current = undefined;
  isClosed = true;
  return true;
}

/**
 * The application that the last `init` made.
 *
 * @param what what was called, for the sentence
 * @throws {NotInitializedError} there was none yet
 * @throws {ClosedError} it was closed
 */
export function defaultApp(what: string): Rhythm {
  if (current !== undefined) return current;
  throw isClosed ? new ClosedError("The application") : new NotInitializedError(what);
}
