import { findByEnd } from "../db/calls/executions.ts";
import { CliError } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";
import type { Session } from "./session.ts";

const DIGITS = 8;

/** The last digits of an id: the first ones are the time, which executions of the same minute share. */
export function shortId(id: string): string {
  return id.slice(-DIGITS);
}

/**
 * The id that was meant: a whole one as it is, or the one that ends with these 8 digits.
 *
 * @param session where to look
 * @param given what was typed
 * @throws {CliError} no execution has an id that ends so, or several have
 */
export async function wholeId(session: Session, given: string): Promise<string> {
  if (!/^[0-9a-f]{8}$/i.test(given)) return given;
  const [id, ...others] = await findByEnd(session.engine, given);
  if (id === undefined) {
    throw new CliError(`no execution has an id that ends with ${given}`, {
      exit: EXIT.notFound,
      code: "RH004",
      hint: "`rhythm list` shows those there are; of the newest million the last 8 digits are enough",
    });
  }
  if (others.length === 0) return id;
  throw new CliError(`several executions have ids that end with ${given}`, {
    code: "AMBIGUOUS",
    hint: `give the whole id: ${[id, ...others].join(", ")}`,
  });
}

/** {@linkcode wholeId} of each. */
export async function wholeIds(session: Session, given: readonly string[]): Promise<string[]> {
  return await Promise.all(given.map((one) => wholeId(session, one)));
}
