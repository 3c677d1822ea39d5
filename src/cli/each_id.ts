import type { Call } from "./command.ts";
import type { Session } from "./session.ts";
import { wholeId } from "./short_id.ts";

/**
 * Does something with each execution that was named, one after the other, and tells of each. Where one fails, those
 * before it are told of all the same, and those behind it are left alone.
 *
 * @param call the command; its operands are the ids
 * @param session where they are
 * @param work does it, and says what to tell: programs, and people
 * @returns what programs are told
 */
export async function eachId<Told>(
  call: Call,
  session: Session,
  work: (id: string) => Promise<{ told: Told; line: string }>,
): Promise<Told[]> {
  const all: Told[] = [];
  try {
    for (const id of new Set(call.args)) {
      const { told, line } = await work(await wholeId(session, id));
      all.push(told);
      if (!call.json) call.terminal.print(line);
    }
  } finally {
    if (call.json && all.length > 0) call.terminal.print(JSON.stringify(all));
  }
  return all;
}
