// The plans of the hot statements, as Postgres makes them within the functions: auto_explain tells them all.
import assert from "node:assert/strict";
import postgres from "postgres";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { crowd, worker } from "./scans/crowd.ts";

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Loops": number;
  Plans?: Plan[];
}

/** What a statement does: how it comes to the rows of each table, and whether it sorts. */
interface Steps {
  text: string;
  nodes: Plan[];
}

/** The nodes that ran: Postgres 13 shows both of two alternatives. */
const everyNode = (plan: Plan): Plan[] =>
  plan["Actual Loops"] === 0 ? [] : [plan, ...(plan.Plans ?? []).flatMap(everyNode)];

/** Runs a call in a transaction that is rolled back, and gives the plan of every statement in it. */
async function plansOf(sql: postgres.Sql, notices: string[], call: string): Promise<Steps[]> {
  notices.length = 0;
  await sql.begin(async (tx) => {
    await tx.unsafe("set local auto_explain.log_min_duration = 0; set local client_min_messages = log");
    await tx.unsafe(call);
    await tx.unsafe("set local auto_explain.log_min_duration = -1");
    throw new Error("rolled back");
  }).catch((error) => assert.equal(error.message, "rolled back"));
  return notices.filter((text) => text.includes("plan:")).map((text) => {
    const told = JSON.parse(text.slice(text.indexOf("{"))) as { "Query Text": string; Plan: Plan };
    return { text: told["Query Text"], nodes: everyNode(told.Plan) };
  });
}

/** How the statements with some words in them come to the rows of batches and executions. */
function accessTo(plans: Steps[], words: RegExp): string[] {
  const found = plans.filter((plan) => words.test(plan.text));
  assert.notEqual(found.length, 0, `no statement says ${words}`);
  return [
    ...new Set(found.flatMap((plan) =>
      plan.nodes
        .filter((node) =>
          node["Node Type"] === "Sort" ||
          /Scan$/.test(node["Node Type"]) && ["batch", "execution"].includes(node["Relation Name"]!)
        )
        .map((node) => [node["Node Type"], node["Index Name"]].filter(Boolean).join(" on "))
    )),
  ].sort();
}

const large = ["execution", "workflow_state", "signal_wait"];
const ready = "Index Scan on batch_ready";
const byKey = "Index Scan on batch_pkey";
const next = `(select max(c.call) + 1 from rhythm.worker_call as c where c.worker_id = ${worker})`;
const claim = (want: string): string => `select rhythm.exchange(${worker}, ${next}, p_want => '${want}')`;
const head = `insert into rhythm.queue_head (queue, targets, priority, id, made_after, until)
  select 'default', hashtextextended('*', 0), 0, min(b.first_id::text)::uuid, min(b.first_id::text)::uuid, now() + interval '1 hour'
  from rhythm.batch as b where b.run_at is null;`;

/** One queue and one priority, and nothing that is over. */
const allReady = `select rhythm.register_worker(${worker}, '{default}', p_lease => '1h');
  select rhythm.create_many((
    select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'metadata', jsonb_build_object('n', n)))
    from generate_series(1, 3000) as n));
  analyze rhythm.execution; analyze rhythm.batch;`;

/** What is called, and how certain statements in it must come to executions. */
const acts: Record<string, { call: string; access?: [words: RegExp, steps: string[]][] }> = {
  "claim from the beginning": {
    call: claim('{"limit": 100}'),
    access: [
      [
        /b\.run_at is null and not b\.limited\s+and \(p_targets is null .*\s+and \(b\.expires_at is null .*\s+order by b\.priority desc, b\.first_id limit p_limit for/,
        [ready],
      ],
      [/set worker = p_worker, call = p_call/, [byKey]],
    ],
  },
  "claim of some tasks": {
    call: claim('{"limit": 100, "targets": ["a"]}'),
    access: [[
      /b\.run_at is null and not b\.limited\s+and \(p_targets is null .*\s+and \(b\.expires_at is null .*\s+order by b\.priority desc, b\.first_id limit p_limit for/,
      [ready],
    ]],
  },
  "claim from the head": {
    call: `${head} ${claim('{"limit": 100}')}`,
    access: [
      [/b\.priority > p_head\.priority/, [ready]],
      [/b\.priority = p_head\.priority and .*b\.first_id > p_head\.id/, [ready]],
      [/set worker = p_worker, call = p_call/, [byKey]],
    ],
  },
  "queue()": { call: "select rhythm.queue('a')" },
  "start() with a key": { call: "select rhythm.start('f', idempotency_key => 'k')" },
  "settle": {
    call: `${claim('{"limit": 100}')}; select rhythm.exchange(${worker}, ${next}, (
      select jsonb_agg(jsonb_build_object('kind', 'done', 'call', b.call, 'ids', b.ids, 'outputs', '[1]'::jsonb))
      from rhythm.batch as b where b.worker = ${worker}))`,
    access: [[/set state = 1, batch_id = null, completed_at = p_now, claimed_at = v_claimed_at/, [
      "Index Scan on execution_pkey",
    ]]],
  },
  "signal()": {
    call:
      "select rhythm.signal((select execution_id from rhythm.signal_wait order by timeout_at limit 1), 's')",
  },
  "beat()": { call: `select rhythm.beat(${worker})` },
  "tick()": { call: "select rhythm.tick()" },
};

Deno.test({
  name:
    "the plans of hot statements: by index, never from end to end; claims read in order, from the head too",
  ignore: onEmbedded,
  fn: async (t) => {
    await using test = await freshDatabase({ leaves: "damage" });
    const notices: string[] = [];
    const sql = postgres(test.url, { max: 1, onnotice: ({ message }) => notices.push(message ?? "") });
    try {
      const loaded = await sql`load 'auto_explain'`.then(() => true, (error) => {
        assert.equal(error.code, "58P01", error.message); // A Postgres without its contrib modules.
        return false;
      });
      if (!loaded) return;
      await sql`set auto_explain.log_nested_statements = on`;
      await sql`set auto_explain.log_format = json`;
      await sql`set auto_explain.log_analyze = on`;
      await t.step("claim, planned when all there was was ready", async () => {
        await test.database.script(allReady);
        const name = "claim from the head";
        const plans = await plansOf(sql, notices, acts[name]!.call);
        for (const [words] of acts[name]!.access!.filter(([words]) => /b\\\.priority/.test(words.source))) {
          assert.deepEqual(accessTo(plans, words), [ready], `${name}: ${words}`);
        }
        await test.database.script(
          "delete from rhythm.execution; delete from rhythm.batch; delete from rhythm.worker",
        );
      });
      await test.database.script(crowd);
      for (const [name, { call, access }] of Object.entries(acts)) {
        await t.step(name, async () => {
          const plans = await plansOf(sql, notices, call);
          const whole = plans.filter((plan) => plan.text !== call).flatMap((plan) =>
            plan.nodes.filter((node) =>
              node["Node Type"] === "Seq Scan" && large.includes(node["Relation Name"]!)
            )
              .map((node) => `${node["Relation Name"]}: ${plan.text}`)
          );
          assert.deepEqual(whole, []);
          for (const [words, steps] of access ?? []) {
            assert.deepEqual(accessTo(plans, words), steps, `${words}`);
          }
        });
      }
    } finally {
      await sql.end({ timeout: 1 });
    }
  },
});

Deno.test("views: where there is little to show, none is thought so dear that its plan is compiled first", async () => {
  await using test = await freshDatabase();
  const names = "select viewname as name from pg_views where schemaname = 'rhythm'";
  const views = await test.database.query<{ name: string }>(names);
  assert.ok(views.length > 5);
  for (const { name } of views) {
    const rows = await test.database.query<{ "QUERY PLAN": string }>(`explain select * from rhythm.${name}`);
    const cost = Number(/\.\.([\d.]+) /.exec(rows[0]!["QUERY PLAN"])?.[1]);
    assert.ok(cost < 100_000, `${name}: ${cost}`);
  }
});
