import type { EngineRef } from "../db/calls/engine_ref.ts";
import { loadSteps, saveSteps } from "../db/calls/steps.ts";
import type { Database, Queryable } from "../db/database.ts";
import { sqlTag } from "../db/sql_tag.ts";
import type { Clock } from "../runtime/clock.ts";
import { Semaphore } from "../shared/semaphore.ts";
import { patiently } from "./patience.ts";
import { LeaseLostError, type StepNews, type StepStore } from "./store.ts";

/** How many connections an `Admin` opens at most. */
export const DIRECT_CONNECTIONS = 5;

/** What a store of steps needs. */
export interface DirectStoreParts {
  /** The database. */
  readonly database: Database;
  /** The engine's schema. */
  readonly schema: string;
  /** The worker under whose leases the workflows run. */
  readonly worker: () => string;
  /** Measures the pauses between two tries. */
  readonly clock: Clock;
}

/** Where a process keeps the steps of the workflows that it runs itself. */
export function directStore({ database, schema, worker, clock }: DirectStoreParts): StepStore {
  const engineOn = (on: Queryable): EngineRef => ({ on, schema });
  const save = async (on: Queryable, news: StepNews): Promise<void> => {
    const refused = await saveSteps(engineOn(on), worker(), [news]);
    if (refused.length > 0) throw new LeaseLostError(news.execution_id, news.name);
  };
  // What a transaction waits for, another step's save or a heartbeat, needs a connection, too.
  const transactions = new Semaphore(DIRECT_CONNECTIONS - 2);
  return {
    load: (execution) => patiently(clock, () => loadSteps(engineOn(database), [execution])),
    save: (news) => patiently(clock, () => save(database, news)),
    saveInTransaction: async (body) => {
      await transactions.run(() =>
        database.transaction(async (tx) => await save(tx, await body(sqlTag(tx))))
      );
    },
  };
}
