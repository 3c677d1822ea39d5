import { knownErrors, RhythmError } from "../shared/error.ts";
import { engineError, type ServerError, StatementError } from "./engine_errors.ts";

export { EngineError, StatementError } from "./engine_errors.ts";

/** Thrown when no connection could be made, or the one in use was lost. */
export class DatabaseUnavailableError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "DatabaseUnavailableError";

  /**
   * Makes the error and its message.
   *
   * @param url where it was tried, without the password
   * @param options the driver's error as `cause`
   */
  constructor(url: string, options: ErrorOptions = {}) {
    const reason = reasonOf(options.cause);
    super(
      `Cannot reach the database at ${url}: ${reason}. Check that the server runs, and the address, user and password in databaseUrl or RHYTHM_DATABASE_URL`,
      { ...options, code: "DATABASE_UNAVAILABLE" },
    );
  }
}

/** SQLSTATEs: no connection could be made, it was lost, or the server is starting or stopping. */
const unavailable = /^(08...|57P0.|3D000|53300|28...)$/;

/** Codes of sockets (`ECONNREFUSED`, `EMFILE`, `ENETDOWN` …), of TLS, and of the driver about its connection. */
const socketTrouble = /^E[A-Z]|^(CONNECT|SASL_|CERT|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)|_CERT(_|$)/;

/**
 * Makes an error of a driver one of ours; anything else is returned as it is.
 *
 * @param error what was thrown
 * @param url where the database is, for the sentence
 * @returns an error to throw
 */
export function toRhythmError(error: unknown, url: string): unknown {
  if (!isServerError(error)) return error;
  if (unavailable.test(error.code) || socketTrouble.test(error.code)) {
    return new DatabaseUnavailableError(url, { cause: error });
  }
  return /^[0-9A-Z]{5}$/.test(error.code) ? engineError(error, { cause: error }) : error;
}

/**
 * Whether an error says that the connection it happened on is gone, rather than that a statement failed.
 *
 * @param error what {@linkcode toRhythmError} gave
 */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof DatabaseUnavailableError)) return false;
  const { cause } = error;
  return !(cause instanceof Error && "severity" in cause) || cause.severity !== "ERROR";
}

/**
 * Whether an error says that the server does not write now: it is a standby, or was told to. After a failover a connection
 * may lead to one for ever; a new one may not.
 *
 * @param error what {@linkcode toRhythmError} gave
 */
export function isReadOnly(error: unknown): boolean {
  return error instanceof StatementError && error.code === "25006";
}

/** Why no connection was made. Some errors of sockets carry a code only. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "no answer";
  return cause.message || ("code" in cause && typeof cause.code === "string" ? cause.code : "no answer");
}

function isServerError(error: unknown): error is Error & ServerError {
  return error instanceof Error && !(error instanceof RhythmError) && "code" in error &&
    typeof error.code === "string";
}

knownErrors({ DatabaseUnavailableError });
