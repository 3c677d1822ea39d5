import { RhythmError } from "../shared/error.ts";

/** Thrown when the engine cannot be installed or upgraded; nothing was changed. */
export class InstallError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "InstallError";

  /**
   * Makes the error and its message.
   *
   * @param code the reason
   * @param message what, and what to do about it
   * @param options the database's own error as `cause`
   */
  constructor(code: InstallErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, { ...options, code });
  }
}

/** What can stand in the way of an installation. */
export type InstallErrorCode =
  | "SCHEMA_NAME_INVALID"
  | "POSTGRES_TOO_OLD"
  | "ENCODING_UNSUPPORTED"
  | "RIGHT_MISSING"
  | "FILE_FAILED"
  | "STRUCTURE_CHANGED"
  | "DATABASE_NEWER"
  | "DATABASE_BUSY"
  | "NOT_INSTALLED"
  | "SCHEMA_OCCUPIED";
