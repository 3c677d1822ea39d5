// Settings of the planner stand on functions only by this list. On an entry point they hold for all it calls; on a function within they
// say that nobody knows how its statement is planned.
import assert from "node:assert/strict";
import { freshDatabase } from "../support/database.ts";

/** The functions that carry settings of the planner. It is to become shorter: a name is added only for an entry point. */
const ALLOWED: readonly string[] = [
  "apply_change",
  "beat",
  "cancel",
  "cancel_many",
  "change",
  "check",
  "check_batches",
  "check_executions",
  "check_rows",
  "check_inboxes",
  "check_references",
  "check_steps",
  "check_waits",
  "chores",
  "count_queues",
  "count_signal_waits",
  "count_standing",
  "count_suspended",
  "create_each",
  "create_many",
  "delete_execution",
  "due",
  "edit_state",
  "exchange",
  "explain",
  "export_execution",
  "fork_state",
  "fork_steps",
  "history",
  "limited_chores",
  "limited_claim",
  "make_executions",
  "pending_effects",
  "purge",
  "replay_steps",
  "retry_again",
  "rewind_state",
  "settle_one",
  "search_executions",
  "signal",
  "stop_worker",
  "unserved",
  "watch",
  "work_operation",
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
