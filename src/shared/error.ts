/** The base of every error that Rhythm raises: a sentence for people, a `code` for programs. */
export class RhythmError extends Error {
  /** The name of the class, also where code was minified. */
  override readonly name: string = "RhythmError";
  /** A stable code; programs branch on it, never on the message. */
  readonly code: string;

  /**
   * Makes the error and its message.
   *
   * @param message what could not be done, to what, because of what, and what was expected
   * @param options the code, and the error that caused this one
   */
  constructor(message: string, options: ErrorOptions & { code?: string } = {}) {
    super(message, options);
    this.code = options.code ?? "RHYTHM_ERROR";
  }
}

/** Thrown when a declaration or a call is given an option it does not know, or a value that option cannot have. */
export class InvalidOptionError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "InvalidOptionError";
  /** The option, as a path from the argument: `retry.maxAttempts`. */
  readonly option: string;

  /**
   * Makes the error and its message.
   *
   * @param option the option's path
   * @param message the whole sentence
   */
  constructor(option: string, message: string) {
    super(message, { code: "INVALID_OPTION" });
    this.option = option;
  }
}

type ErrorClass = abstract new (...parts: never[]) => Error;

const classes = new Map<string, ErrorClass>(
  [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    RhythmError,
    InvalidOptionError,
  ].map((one) => [
    one.name,
    one,
  ]),
);

/** Makes classes known by their names, so that errors that were stored can be of them again. */
export function knownErrors(errors: Readonly<Record<string, ErrorClass>>): void {
  for (const [name, one] of Object.entries(errors)) classes.set(name, one);
}

/** A known class of errors. */
export function errorClass(name: string): ErrorClass | undefined {
  return classes.get(name);
}
