/** What `deno test` says of tests that failed. */

/** A test that failed, or a file that could not be loaded. */
export interface Failure {
  /** Its file, from the root of the repository. */
  file: string;
  /** Its name. */
  test: string;
  /** The first line of its error. */
  error: string;
}

/**
 * Reads the last parts of what `deno test` prints.
 *
 * @param text all of it, without colours
 */
export function failuresOf(text: string): Failure[] {
  const at = text.lastIndexOf("\n FAILURES ");
  if (at < 0) return [];
  const errors = text.slice(text.lastIndexOf("\n ERRORS "), at);
  return [...text.slice(at).matchAll(/^(?:(.+) => )?(\.?\.?\/\S+?)(:\d+:\d+| \(uncaught error\))$/gm)].map(
    ([line, test, file]) => ({
      file: file!.replace(/^\.\//, ""),
      test: test ?? "(uncaught error)",
      error: errorAfter(errors, line),
    }),
  );
}

function errorAfter(errors: string, line: string): string {
  const at = errors.indexOf(`\n${line}\n`);
  const [error = ""] = /(?<=^error: ).+/m.exec(at < 0 ? "" : errors.slice(at)) ?? [];
  return error;
}
