import type { EngineRef } from "../db/calls/engine_ref.ts";
import { loadSteps, saveSteps } from "../db/calls/steps.ts";
import type { Database, Queryable } from "../db/database.ts";
import { sqlTag } from "../db/sql_tag.ts";
import { Limit } from "./limit.ts";
import { patiently } from "./patience.ts";
import { LeaseLostError, type StepNews, type StepStore } from "./store.ts";

/** How many connections an `Admin` opens at most. */
export const DIRECT_CONNECTIONS = 5;

/**
 * Where a process keeps the steps of the workflows that it runs itself.
 *
 * @param database the database
 * @param schema the engine's schema
 * @param worker under whose leases they run
 */
export function directStore(database: Database, schema: string, worker: () => string): StepStore {
  const engineOn = (on: Queryable): EngineRef => ({ on, schema });
  const save = async (on: Queryable, news: StepNews): Promise<void> => {
    const refused = await saveSteps(engineOn(on), worker(), [news]);
    if (refused.length > 0) throw new LeaseLostError(news.execution_id, news.name);
  };
  // What a transaction waits for, another step's save or a sign of life, needs a connection, too.
  const transactions = new Limit(DIRECT_CONNECTIONS - 2);
  return {
    load: (execution) => patiently(() => loadSteps(engineOn(database), [execution])),
    save: (news) => patiently(() => save(database, news)),
    saveInTransaction: async (body) => {
      await transactions.run(() =>
        database.transaction(async (tx) => await save(tx, await body(sqlTag(tx))))
      );
    },
  };
}
