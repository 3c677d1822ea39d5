import { ask, type Home } from "./home.ts";
import type { Row } from "../database.ts";

/** The limits of a queue; null: none. */
export interface StoredLimits {
  /** How many run at once. */
  readonly concurrency: number | null;
  /** How many of one key run at once. */
  readonly perKeyConcurrency: number | null;
  /** How many begin within a time. */
  readonly rate: number | null;
  /** That time, in seconds. */
  readonly perSeconds: number | null;
}

/** All queues. */
export async function listQueues(home: Home): Promise<Row[]> {
  return await ask(home, "select q.* from rhythm.queues as q order by q.queue");
}

/** Keeps workers from claiming from a queue. */
export async function pauseQueue(home: Home, queue: string): Promise<void> {
  await ask(home, "select rhythm.pause_queue($1::text)", [queue]);
}

/** Lets workers claim from a queue again. */
export async function resumeQueue(home: Home, queue: string): Promise<void> {
  await ask(home, "select rhythm.resume_queue($1::text)", [queue]);
}

/** Sets the limits of a queue. */
export async function configureQueue(home: Home, queue: string, limits: StoredLimits): Promise<void> {
  await ask(
    home,
    `select rhythm.configure_queue(
      p_queue => $1::text, concurrency => $2::text::integer, per_key_concurrency => $3::text::integer,
      rate => $4::text::integer, per => coalesce($5::text, '1') || 's'
    )`,
    [
      queue,
      text(limits.concurrency),
      text(limits.perKeyConcurrency),
      text(limits.rate),
      text(limits.perSeconds),
    ],
  );
}

function text(value: number | null): string | null {
  return value === null ? null : String(value);
}
