// Settings of the planner stand on functions only by this list. On an entry point they hold for all it calls; on a function within they
// say that nobody knows how its statement is planned.
import assert from "node:assert/strict";
import { freshDatabase } from "../support/database.ts";

/** The functions that carry settings of the planner. It is to become shorter: a name is added only for an entry point. */
const ALLOWED: readonly string[] = [
  "change_waits",
  "check",
  "check_executions",
  "check_steps",
  "claim",
  "claim_packed",
  "claim_plain",
  "claim_sql_tasks",
  "clear_workflows",
  "complete_advanced",
  "complete_tasks",
  "concerned",
  "count_batched",
  "count_suspended",
  "create_many",
  "deliver",
  "early_timers",
  "end_followers",
  "end_with_leaders",
  "fire_kept",
  "first_among",
  "hand_over",
  "hand_over_born",
  "held_outcomes",
  "inbox_items",
  "is_plain",
  "join_leaders",
  "lease_batch",
  "lease_listed",
  "list_newborn",
  "list_ready",
  "listed_before",
  "lock_states",
  "match_signals",
  "need_after",
  "newborn",
  "next_batches",
  "next_due",
  "pick_any",
  "purge_on",
  "release_kept",
  "release_waits",
  "resume",
  "satisfied_already",
  "send_signals",
  "settle",
  "settle_advanced",
  "settle_tasks",
  "signal",
  "sql_task_is_ready",
  "store_states",
  "take_from",
  "try_lock_states",
  "unknown_wait",
  "watch",
  "worth_a_look",
  "write_completed",
  "write_others",
];

Deno.test("settings of the planner stand only on the functions that are allowed to carry them", async () => {
  await using test = await freshDatabase();
  const rows = await test.database.query<{ name: string }>(
    `select distinct p.proname::text as name
    from pg_proc as p cross join unnest(p.proconfig) as c (setting)
    where p.pronamespace = 'rhythm'::regnamespace
      and split_part(c.setting, '=', 1) not in ('search_path', 'lock_timeout', 'statement_timeout', 'client_min_messages')`,
  );
  const carrying = new Set(rows.map(({ name }) => name));
  const strange = [...carrying].filter((name) => !ALLOWED.includes(name)).sort();
  assert.deepEqual(strange, [], "not in the list");
  const gone = ALLOWED.filter((name) => !carrying.has(name));
  assert.deepEqual(gone, [], "in the list, but without such a setting: take them out");
});
