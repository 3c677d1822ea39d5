import { findUnregistered } from "../db/calls/registration.ts";
import { readWorkers } from "../db/calls/state.ts";
import { didYouMean } from "../shared/suggest.ts";
import type { Call } from "./command.ts";
import type { Session } from "./session.ts";
import { warn } from "./warn.ts";

/** Names that may be new, or misspelt. */
export interface MaybeOdd {
  /** A queue. */
  readonly queue?: string | undefined;
  /** A task. */
  readonly task?: string | undefined;
}

/**
 * Warns of names that nothing else knows. That is no error: the worker that serves a queue, or has a task, may come later.
 *
 * @param session the database
 * @param call where to tell it
 * @param names what was named
 */
export async function warnOfOddNames(session: Session, call: Call, names: MaybeOdd): Promise<void> {
  const { queue, task } = names;
  if (queue !== undefined) {
    const known = (await session.queues.list()).map((one) => one.queue);
    if (!["default", ...known].includes(queue)) {
      warn(call, `no execution, worker or limit has a queue "${queue}".${didYouMean(queue, known)}`);
    }
  }
  if (task === undefined) return;
  const workers = await readWorkers(session.engine);
  const known = workers.flatMap(({ info }) => Array.isArray(info.tasks) ? info.tasks.map(String) : []);
  if (known.includes(task)) return;
  const missing = await findUnregistered(session.engine, [{ kind: "task", name: task }]);
  if (missing.length === 0) return;
  warn(
    call,
    `no worker that is alive has a task "${task}", and none has registered it.${didYouMean(task, known)}`,
  );
}
