import { EXIT } from "./exit_codes.ts";

/** More about a {@linkcode CliError}. */
export interface CliErrorOptions extends ErrorOptions {
  /** The exit code. Default: wrong use. */
  exit?: number;
  /** The code for programs. Default: `USAGE`. */
  code?: string;
  /** What to do about it, as a sentence of its own. */
  hint?: string;
  /** Lines that show where it went wrong. */
  picture?: string;
}

/** What a command tells when it cannot do what was asked: a sentence, and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** The exit code. */
  readonly exit: number;
  /** The code for programs. */
  readonly code: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** Lines that show where it went wrong. */
  readonly picture: string | undefined;

  /** @param message what could not be done, and why @param options the exit code, and what to do */
  constructor(message: string, options: CliErrorOptions = {}) {
    super(message, options);
    this.exit = options.exit ?? EXIT.usage;
    this.code = options.code ?? "USAGE";
    this.hint = options.hint;
    this.picture = options.picture;
  }
}

/** Thrown where Ctrl-C or SIGTERM ended the waiting; ends the program without a message. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** The exit code. */
  readonly exit: number;

  /** @param exit the exit code of the signal */
  constructor(exit: number) {
    super("interrupted");
    this.exit = exit;
  }
}

/** Ends a command early with an exit code, everything said. */
export class Finished extends Error {
  override readonly name = "Finished";
  /** The exit code. */
  readonly exit: number;

  /** @param exit the exit code */
  constructor(exit: number) {
    super("finished");
    this.exit = exit;
  }
}
