import type { Home } from "../db/calls/home.ts";
import { loadSteps, saveSteps } from "../db/calls/steps.ts";
import type { Database, Queryable } from "../db/database.ts";
import { sqlTag } from "../db/sql_tag.ts";
import { LeaseLostError, type StepNews, type StepStore } from "./store.ts";

/**
 * Where a process keeps the steps of the workflows that it runs itself.
 *
 * @param database the database
 * @param schema the engine's schema
 * @param worker under whose leases they run
 */
export function directStore(database: Database, schema: string, worker: () => string): StepStore {
  const homeOn = (on: Queryable): Home => ({ on, schema });
  const save = async (on: Queryable, news: StepNews): Promise<void> => {
    const refused = await saveSteps(homeOn(on), worker(), [news]);
    if (refused.length > 0) throw new LeaseLostError(news.execution_id, news.name);
  };
  return {
    load: (execution) => loadSteps(homeOn(database), [execution]),
    save: (news) => save(database, news),
    saveInTransaction: async (body) => {
      await database.transaction(async (tx) => await save(tx, await body(sqlTag(tx))));
    },
  };
}
