// A workflow that starts workflows, waits for all of them, and lives with those that fail.
import { type Execution, Rhythm, task } from "@rhythm/core";

const ledgers: Record<string, number[]> = { acme: [40, 2], globex: [], initech: [300] };
const reads = new Map<string, number>();

const listCustomers = task({ name: "list_customers" }, () => Object.keys(ledgers));
const readLedger = task({ name: "read_ledger" }, ({ customer }: { customer: string }) => {
  reads.set(customer, (reads.get(customer) ?? 0) + 1);
  // Initech is late: its ledger is open when it is read for the first time.
  const closed = customer !== "initech" || reads.get(customer)! > 1;
  return { closed, lines: ledgers[customer] ?? [] };
});
const writeInvoice = task({ name: "write_invoice" }, (bill: { customer: string; amount: number }) => {
  console.log(`  invoice: ${bill.customer} owes ${bill.amount}`);
});

await using rhythm = await Rhythm.init({
  flows: [new URL("./flows", import.meta.url)],
  tasks: [listCustomers, readLedger, writeInvoice],
  log: { level: "error" },
});
await using worker = rhythm.worker();
const working = worker.run();

const run = await rhythm.workflows.start("close_month", { month: "2026-10" });
console.log("The month is closed:", await run.result({ timeout: "30s" }));

console.log("\nWho started whom:");
const family = await rhythm.executions.tree(run);
const print = (execution: Execution, depth: number): void => {
  console.log(`${"  ".repeat(depth)}${execution.target} ${execution.status}`);
  for (const child of family.filter(({ parentId }) => parentId === execution.id)) print(child, depth + 1);
};
print(family.find(({ id }) => id === run.id)!, 1);

await worker.stop();
await working;
