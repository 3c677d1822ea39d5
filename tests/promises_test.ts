// The nine promises of the engine and the threats to it, and the tests that try to break or carry out each: [file, words of the test's name]. A test that is
// renamed or gone fails here, so that no promise loses its proof unseen.
import assert from "node:assert/strict";

const here = new URL("./", import.meta.url);

const promises: Record<string, [file: string, words: string][]> = {
  "1. One live lease at most per execution; a lost lease can settle nothing": [
    ["races/claim_test.ts", "sessions lease everything, nothing twice"],
    ["races/two_sessions_test.ts", "a worker given up while it claims: it keeps no lease"],
    ["sql/queue/one_lease.sql", "never leases the same execution twice"],
    ["sql/upkeep/dead_worker.sql", "The work of a worker that died goes back after its lease"],
    ["sql/upkeep/sleeping_worker.sql", "once somebody did, all that it says is refused"],
    ["sql/settle/final_is_final.sql", "a late answer to an earlier attempt changes nothing"],
  ],
  "2. Nothing is lost, whatever is killed; after recovery every execution ends and check() is empty": [
    ["chaos/faults_test.ts", "while workers, connections and the server die at random"],
    ["races/two_sessions_test.ts", "a server process that dies within settle()"],
    ["races/claim_test.ts", "nothing behind the head of a queue is lost"],
    ["sql/queue/head.sql", "what came in before it waits, but is never lost"],
    ["races/storm_test.ts", "a storm of twenty sessions ends with everything over, nothing broken"],
    ["races/lock_order_test.ts", "a storm of every function from twenty sessions meets no deadlock"],
    ["sql/check/damage.sql", "check() names each kind of damage"],
    ["support/database.ts", "check() finds the engine's data damaged at the end of the test"],
  ],
  "3. Final states and outputs never change": [
    ["sql/settle/final_is_final.sql", "What is over never changes"],
    ["races/two_sessions_test.ts", "settle() before cancel(): the completed task stays completed"],
    ["races/two_sessions_test.ts", "a workflow that completes is cancelled, unless it had finished before"],
  ],
  "4. Signals once and in order, timers never early, each child's end once": [
    ["sql/signals/in_order.sql", "in the order of sending, each once"],
    ["races/two_sessions_test.ts", "signal() and settle() at once"],
    [
      "races/two_sessions_test.ts",
      "signal() and the end of its workflow at once: the signal is refused, not lost",
    ],
    ["sql/waits/timer_never_early.sql", "does not fire before its moment, and fires once"],
    ["sql/settle/steps_timer.sql", "not a moment early, once"],
    [
      "races/steps_timer_test.ts",
      "tick() before a step of a timer: it fired, and is told once",
    ],
    ["worker/flows/timers_test.ts", "a worker dies that kept a timer: others fire it, once"],
    ["races/claim_test.ts", "five sessions fire each timer and each delay once"],
    ["races/two_sessions_test.ts", "the last two children of a workflow settle at once: it goes on, once"],
    ["sql/cancel/retry_child.sql", "its workflow learns of the new end alone"],
  ],
  "5. Attempts never exceed their limit, backoff is obeyed, a dead worker counts": [
    ["sql/settle/retries.sql", "after its backoff, until there are no attempts left"],
    ["sql/upkeep/dead_worker.sql", "the loss counts, the backoff is obeyed, the last one fails"],
    ["sql/upkeep/crashes.sql", "is given up after max_crashes"],
  ],
  "6. The same idempotency key gives the same execution, also from two sessions at once": [
    ["races/claim_test.ts", "sessions with one key make one execution"],
    ["sql/queue/idempotency.sql", "The same key gives the same execution"],
    ["sql/queue/idempotency_own_id.sql", "with the caller's own id, sent again"],
    ["sql/keywaiters/running.sql", "A child whose idempotency key another workflow's child has is not run"],
    ["sql/keywaiters/over.sql", "ends as that did, at once: completed, failed or cancelled"],
    ["races/keys_test.ts", "twenty sessions make a child with one key each: one runs"],
    [
      "races/keys_test.ts",
      "one that waits for its key is made while the first ends: nobody waits, and tick() tells it",
    ],
    ["app/keys_test.ts", "the key runs once, and every flow gets what came of it"],
  ],
  "7. Queue limits are never exceeded, with any number of workers": [
    ["races/claim_test.ts", "workers never exceed concurrency, keys' concurrency and rate"],
    ["sql/limits/in_flight.sql", "while unlimited claims are in flight"],
  ],
  "8. A transactional task's writes and its completion commit together or not at all": [
    ["app/tasks_test.ts", "a transactional task's writes commit with its completion, or not at all"],
    [
      "worker/loop/worker_test.ts",
      "commits a transactional task with its own writes, and rolls back one that fails",
    ],
    ["sql/sqltasks/own_writes.sql", "commits a SQL task's writes with its completion"],
  ],
  "9. Upgrading gives, object by object, the schema of a fresh install, and running executions go on": [
    ["db/upgrade_test.ts", "from the structure of an older engine gives what a fresh installation gives"],
    ["chaos/versions_test.ts", "a flow that is registered anew while 100 run"],
  ],
};

/** What docs/operate/security-model.md says is tried: in each file that it names, the words of the tests that try it. */
const threats: Record<string, string[]> = {
  "http/handler_test.ts": [
    "asks for the token on /api and nowhere else",
    "reads no body further than it may be",
    "does not wait for a body that does not come",
  ],
  "app/http_fuzz_test.ts": ["answers hostile values in path, query and body in our words"],
  "app/http_test.ts": ["a stolen token does no more than the role of the process"],
  "db/tls_test.ts": ["sslmode=verify-full refuses a certificate that nobody vouches for"],
  "sql/roles_test.ts": [
    "each may call its own functions and is refused every other one",
    "tables by nobody but the owner",
    "what code runs is the deployer's to say, what failed and what is paused the operator's",
    "cannot set the engine's clock, or its chance",
  ],
  "sql/sqltasks/rights.sql": ["a SQL task gives nobody rights that he does not have"],
  "sql/hostile_test.ts": ["refuses hostile values with a code of ours, or leaves nothing damaged"],
  "sql/shadows_test.ts": ["may call finds none of the names that"],
  "sql/catalog_test.ts": ["nothing is granted to PUBLIC"],
  "sql/upkeep/sleeping_worker.sql": ["once somebody did, all that it says is refused"],
  "flow/vm/escape_test.ts": ["no member of any value leads out", "no write reaches a prototype"],
  "flow/vm/limits_test.ts": [
    "an endless loop fails the execution",
    "ends with FLOW_MEMORY",
    "log lines beyond the limits",
  ],
  "flow/parser/parse_flow_test.ts": ["named like a member of every object, and leaves that member alone"],
  "flow/vm/damaged_program_test.ts": ["refuses a program that is not what its hash says"],
  "sql/signals/addresses.sql": ["The address of a signal: signed, for a time"],
  "app/address_test.ts": [
    "the page shows and never sends; POST sends once",
    "a viewer of the database cannot make, read or use one, and no log has it",
  ],
  "app/bad_input_test.ts": [
    "inputs that break a schema, start nothing",
    "what is too big is refused where it is given",
    "a result that JSON cannot carry fails the task at once, naming the part",
  ],
  "shared/printable_test.ts": ["shows what a terminal would obey"],
  "runtime/serve_test.ts": [
    "closes connections on which a request is only half sent",
    "takes only so many connections",
  ],
  "repository_test.ts": ["says what is vulnerable", "refuses a licence", "lists every package of deno.lock"],
  "cli/secrets_test.ts": [
    "no command shows the password of its database",
    "not in logs, answers, processes or the database",
  ],
  "db/embedded_test.ts": ["reads nothing of who does not bring the token"],
  "db/address_test.ts": ["no error shows a part of the password"],
};

Deno.test("docs/operate/security-model.md names a test for each threat, and all of them are there", async () => {
  const page = await Deno.readTextFile(new URL("../docs/operate/security-model.md", here));
  const rows = [...page.matchAll(/^\| (?!Who \||---)(.*) \|$/gm)].map(([, row]) => row!.split(" | "));
  assert.ok(rows.length > 25);
  const named = rows.map(([who, , , test]) => [who, /^`tests\/(\S+)`$/.exec(test ?? "")?.[1]]);
  assert.deepEqual(named.filter(([, file]) => file === undefined), []);
  assert.deepEqual([...new Set(named.map(([, file]) => file))].sort(), Object.keys(threats).sort());
  for (const [file, words] of Object.entries(threats)) {
    const text = await Deno.readTextFile(new URL(file, here));
    for (const one of words) assert.ok(text.includes(one), `${file} has no test "${one}"`);
  }
});

Deno.test("docs/operate/reliability.md names a test for each finding, and all of them are there", async () => {
  const page = await Deno.readTextFile(new URL("../docs/operate/reliability.md", here));
  const found = page.slice(
    page.indexOf("### What hostile testing found"),
    page.indexOf("## What is not promised"),
  );
  const rows = [...found.matchAll(/^\| (?!What |---)(.*) \| `tests\/(\S+)` \|$/gm)];
  assert.ok(rows.length > 30);
  for (const [, , file] of rows) await Deno.stat(new URL(file!, here));
});

for (const [promise, proofs] of Object.entries(promises)) {
  Deno.test(`promise ${promise}: its tests are there`, async () => {
    for (const [file, words] of proofs) {
      const text = await Deno.readTextFile(new URL(file, here));
      assert.ok(text.includes(words), `${file} has no test "${words}"`);
    }
  });
}
