import { RhythmError } from "../shared/error.ts";
import { EngineError } from "./engine_errors.ts";
import { DatabaseUnavailableError } from "./errors.ts";

/**
 * What an error of the database says about the call that met it.
 *
 * - `refused`: the data of the call are wrong. Sent again, it is refused again.
 * - `passing`: nothing is wrong with the call. Sent again later, it goes through.
 * - `hopeless`: nothing is wrong with the call, and waiting does not help: a wrong password, no such database.
 */
export type ErrorKind = "refused" | "passing" | "hopeless";

/**
 * The one place in TypeScript that says whether a call should be made again; `is_data_error()` is the same in SQL.
 *
 * @param error what a call of the database threw
 * @returns undefined: it is no error of the database
 */
export function errorKind(error: unknown): ErrorKind | undefined {
  if (error instanceof DatabaseUnavailableError) return isHopeless(causeCode(error)) ? "hopeless" : "passing";
  if (error instanceof EngineError) {
    if (isDataError(error.code)) return "refused";
    return isHopeless(error.code) ? "hopeless" : "passing";
  }
  return error instanceof RhythmError && error.code === "DATABASE_NEWER" ? "hopeless" : undefined;
}

/**
 * Whether a call can be made again later as it is.
 *
 * @param error what it threw
 */
export function isPassing(error: unknown): boolean {
  return errorKind(error) === "passing";
}

/**
 * Whether a transaction lost a race against another one (a deadlock, a stale snapshot): made again at once, it may win.
 *
 * @param error what it threw
 */
export function isLostRace(error: unknown): boolean {
  return error instanceof EngineError && /^(40001|40P01)$/.test(error.code);
}

/**
 * Whether the server or the connection failed, whatever the statement was. A statement that is not ours may run again only in this
 * case: a missing table, for example, is the fault of its author.
 *
 * @param error what it threw
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return errorKind(error) === "passing";
  return error instanceof EngineError && /^(25006|40...|53...|57P..|58...|XX...)$/.test(error.code);
}

/**
 * Whether a call took too long: the server ended it, or nothing was heard of it in time. One that does less may go through.
 *
 * @param error what it threw
 */
export function isTooSlow(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return causeCode(error) === "ETIMEDOUT";
  return error instanceof EngineError && error.code === "57014";
}

/**
 * Whether an error is the fault of the data, by its SQLSTATE. These are values (22), constraints (23), several rows instead of one (21),
 * limits of a value (54), errors of a user's own function (P0), and refusals of this engine (RH). Only these fail an execution.
 *
 * @param code the SQLSTATE
 */
export function isDataError(code: string): boolean {
  return /^(21|22|23|54|P0|RH)/.test(code) && code !== "RH010" && code !== "RH011";
}

// A login that is refused (28), no such database (3D000), a right that is missing (42501).
function isHopeless(code: string): boolean {
  return /^(28|3D000|42501)/.test(code);
}

function causeCode({ cause }: Error): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}
