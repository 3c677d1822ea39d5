import { ask } from "../db/calls/engine_ref.ts";
import type { Call } from "./command.ts";
import type { Session } from "./session.ts";
import { warn } from "./warn.ts";

/** Names that may be new, or misspelt. */
export interface MaybeOdd {
  /** A queue. */
  readonly queue?: string | undefined;
  /** A concurrency key of the queue. */
  readonly key?: string | undefined;
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
  const { queue = null, key = null, task = null } = names;
  const oddities = await ask<{ oddity: string }>(
    session.engine,
    `select o.oddity from unnest(array[rhythm.odd_queue($1::text), rhythm.odd_key($1::text, $2::text), rhythm.odd_task($3::text)]) as o (oddity)
    where o.oddity is not null`,
    [queue, key, task],
  );
  for (const { oddity } of oddities) warn(call, `${oddity.charAt(0).toLowerCase()}${oddity.slice(1)}`);
}
