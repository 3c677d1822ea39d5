import type { Database } from "../../src/db/database.ts";
import { errorKind } from "../../src/db/error_kind.ts";
import type { Process } from "./process.ts";

/** A task that its workers are lost with, again and again. */
export interface Losses {
  readonly process: Process;
  readonly database: Database;
  /** The queue of which nobody else takes anything. */
  readonly queue: string;
  /** The task, which may be lost once. */
  readonly id: string;
  /** How many losses may not have been counted: a copy that is adopted takes all leases back. */
  readonly forgiven: () => number;
  /** Told of a promise that was not kept. */
  readonly onBroken: (what: string) => void;
}

/**
 * Takes a task and dies, again and again, until it has failed: it may be lost as often as its policy says, and no oftener.
 *
 * @param losses the task, and where it is
 */
export async function loseAll(
  { process: { clock }, database, queue, id, forgiven, onBroken }: Losses,
): Promise<void> {
  const insist = async <R>(text: string, params: readonly unknown[]): Promise<R[]> => {
    for (;;) {
      try {
        return await database.query<R>(text, params);
      } catch (error) {
        if (errorKind(error) !== "passing") throw error;
        await clock.sleep(100 + 900 * clock.random());
      }
    }
  };
  let lives = 0;
  let pauseMs = 200;
  for (;;) {
    const [row] = await insist<{ status: string | null }>(
      "select rhythm.get($1::text::uuid) ->> 'status' as status",
      [id],
    );
    if (row!.status !== "pending" && row!.status !== "running") return;
    const [{ worker } = { worker: "" }] = await insist<{ worker: string }>(
      `select rhythm.register_worker(null, p_queues => array[$1::text], p_name => 'loser', p_lease => '2s') as worker`,
      [queue],
    );
    try {
      const [row] = await insist<{ answer: { parcels: readonly unknown[] } }>(
        `select rhythm.exchange(p_worker => $1::text::uuid, p_call => $2::text::integer, p_want => '{"limit": 1}') as answer`,
        [worker, "1"],
      );
      if (row!.answer.parcels.length > 0) {
        if (++lives > MOST + forgiven()) return onBroken(`${id} was lost ${lives - 1} times, and runs again`);
        pauseMs = 200;
        await clock.sleep(LEASE_MS);
      }
    } catch (error) {
      // It was given up before it was told that it has something.
      if (!String(error).includes("counts as dead")) throw error;
    }
    await clock.sleep(pauseMs);
    pauseMs = Math.min(20_000, 1.5 * pauseMs);
  }
}

const LEASE_MS = 2_000;
/** It may be lost once, and ends with the second loss. */
const MOST = 2;
