import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { lineReader } from "./flow/ask_line.ts";

/**
 * Asks before something that nothing brings back.
 *
 * @param call the command
 * @param about who asks, such as `purge`; the question; and the hint where nobody can be asked
 * @returns whether the answer was yes
 * @throws {CliError} nobody can be asked
 */
export async function agreed(
  call: Call,
  about: { who: string; question: string; hint: string },
): Promise<boolean> {
  const { terminal } = call;
  if (!terminal.canAsk || call.json) {
    throw new CliError(`${about.who} asks before it removes anything, and nobody can be asked here`, {
      hint: about.hint,
    });
  }
  const answer = await lineReader(terminal, call.signal)(`${about.question} [y/N] `);
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}
