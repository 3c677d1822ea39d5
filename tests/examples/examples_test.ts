// Every example, as its README says, on a server: what it prints, and what it leaves behind.
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { root, runProgram, UNEXPECTED } from "./support.ts";

/** Texts that each example prints, in this order. */
const examples: Record<string, (string | RegExp)[]> = {
  "quickstart": [
    /Scheduled workflow processOrder for order-\d+: [0-9a-f-]{36}/,
    /processOrder completed: \{.*"status":"completed"/,
    'send_notification completed: {"sent":true}',
  ],
  "approvals": [
    "mail to manager@example.com",
    'Ada: { by: "manager", paid: 120, employee: "Ada" }',
    /Grace: \{[^}]*paid: 0,[^}]*a yacht is not an expense/,
    "mail to director@example.com: Alan",
    'Alan: { by: "director", paid: 35, employee: "Alan" }',
  ],
  "sub-workflows": [
    "invoice: acme owes 42",
    "invoice: initech owes 300",
    /total: 342,\s+failed: \[\s+\{[^}]*globex bought nothing in 2026-10/,
    "\n  close_month completed\n    list_customers completed\n",
    /\n {4}bill_customer failed\n {6}read_ledger completed\n/,
  ],
  "saga": [
    "booked: hotel of Ada (attempt 2)",
    'status: "booked"',
    "booked: flight of Grace",
    "given back: hotel of Grace\n  given back: flight of Grace",
    '{ reason: "There is no limousine", status: "cancelled" }',
    "Booked in the end: flight of Ada, hotel of Ada, car of Ada\n",
  ],
  "repair": [
    "failed: Cannot read properties of undefined (reading 'amount')",
    'it stood at: await Signal.next("packed")',
    "patched: 107\nforked: 120\n",
    "would go from line 2 to line 2, sure: 1\n",
    "migrate: 1 done, 0 refused\nrepair: 38 done, 0 refused\n",
    'orders: 40 charged, by total { "107": 1, "120": 39 }',
  ],
  "fan-out": [/1000 tasks in [\d.]+ s, up to \d+ at once: \{ sum: 333833500, count: 1000 \}/],
  "cron-report": [
    /The morning report comes next at \d{4}-\d\d-\d\dT0[67]:00:00.000Z/,
    "report to globex@example.com: sales 35, signups 49, errors 42",
    "report to globex@example.com",
    "report to globex@example.com",
    'Still there: "report:morning" (0 8 * * mon-fri, Europe/Berlin)\n',
    "triggered by hand: { sales: 35, errors: 42, signups: 49 }",
  ],
  "outbox": [
    "order-1 was placed at attempt 1",
    "order-2 was placed at attempt 2",
    /order-3 failed: .*shop_order_cents_check/,
    "order-5 was rolled back",
    "Orders in the table: 3\n",
  ],
  "ai-agent": [
    'weather({"city":"Lisbon"}), weather({"city":"Atlantis"})',
    "model: 529 overloaded (attempt 1)",
    "mail to ada@example.com: Lisbon: 24 °C, sunny",
    "steps: 3",
  ],
  "steps": [
    "First run\nasking the shop for 2026-11\npage 1 read",
    "3 orders booked\n3 orders booked\n  the process ends here\nSecond run\n3 orders booked\n3 orders booked\n",
    '{ month: "2026-11", orders: 12, total: 3024 }',
  ],
  "psql-only": [
    "first_time",
    "same_again",
    /("pending" +│ +1|"failed" +│ +2) │ "999999"/,
    /"completed" │ +1 │ "2500"/,
    /"failed" +│ +2 │ "999999" │ .*account_cents_check/,
    /"ada" +│ +"7500"/,
    /│ violations │\n.*\n│ +0 │ +"0" +│/,
  ],
};

/** What else must hold after an example. */
const alsoHolds: Record<string, (sql: TestDatabase["sql"], out: string) => Promise<void> | void> = {
  // On a slow machine the workflow takes longer than the second.
  "quickstart": (_, out) => assert.ok(out.includes("[send_notification] A second has passed"), out),
  "outbox": async (sql) => {
    const orders = await sql`select id from public.shop_order order by id`;
    const receipts = await sql`
      select e.inputs ->> 'order' as id from rhythm.executions as e where e.target = 'send_receipt' order by 1`;
    assert.deepEqual([...receipts], [...orders], "each order has one receipt, and nothing else has one");
    assert.equal(orders.length, 3);
  },
  "saga": async (sql) => {
    const rows = await sql`select attempt from rhythm.executions where target = 'book_car' order by id`;
    assert.deepEqual(rows.map(({ attempt }) => attempt), [1, 1], "what cannot be helped is not tried again");
  },
  "ai-agent": async (sql) => {
    const rows = await sql`select attempt from rhythm.executions where target = 'ask_model' order by id`;
    assert.deepEqual(rows.map(({ attempt }) => attempt), [1, 2, 1]);
  },
};

for (const [name, expected] of Object.entries(examples)) {
  Deno.test({
    name: `examples/${name}: tells what happens on a server, leaves nothing undone, and runs again`,
    ignore: onEmbedded,
    fn: async () => {
      // Each installs the engine where it is not there, which takes a second.
      await using db = await freshDatabase({ engine: name === "quickstart" ? "absent" : "installed" });
      const options = { url: db.url, args: name === "repair" ? ["40"] : [] };
      const { code, out, err } = await runProgram(`${root}examples/${name}/main.ts`, options);
      assert.equal(code, 0, err);
      assert.doesNotMatch(err, UNEXPECTED);
      inOrder(out, expected);
      const left = await db.sql`
        select e.target, e.status from rhythm.executions as e where e.status in ('pending', 'running', 'suspended')`;
      assert.deepEqual([...left], []);
      assert.deepEqual([...await db.sql`select * from rhythm.check()`], []);
      assert.deepEqual([...await db.sql`select name from rhythm.schedules`], []);
      await alsoHolds[name]?.(db.sql, out);
      const again = await runProgram(`${root}examples/${name}/main.ts`, options);
      assert.equal(again.code, 0, again.err);
      inOrder(again.out, expected.slice(-1));
    },
  });
}

Deno.test("examples/: every folder has a README that names a program to run, and is tested", async () => {
  for await (const { name, isDirectory } of Deno.readDir(`${root}examples`)) {
    if (!isDirectory) continue;
    const readme = await Deno.readTextFile(`${root}examples/${name}/README.md`);
    const programs = [...readme.matchAll(/examples\/[\w-]+\/[\w-]+\.(ts|sql)/g)].map(([path]) => path);
    if (name !== "demo") assert.ok(programs.includes(`examples/${name}/main.ts`), name);
    for (const path of programs) assert.ok((await Deno.stat(root + path)).isFile, path);
    assert.ok(name in examples || name === "demo", name);
  }
});

/** Asserts that texts occur one after another. */
function inOrder(text: string, expected: readonly (string | RegExp)[]): void {
  let rest = text;
  for (const one of expected) {
    const found = typeof one === "string" ? rest.indexOf(one) : rest.search(one);
    assert.ok(
      found >= 0,
      `${String(one)} is not in what is left of the output:\n${rest}\n--- all of it:\n${text}`,
    );
    const length = typeof one === "string" ? one.length : one.exec(rest)![0].length;
    rest = rest.slice(found + length);
  }
}
