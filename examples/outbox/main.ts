// The transactional outbox, without an outbox: the queue is in the same database as the data.
import { Rhythm } from "@rhythm/core";
import postgres from "postgres";
import { countOrders, placeOrder, prepareShop, sendReceipt, tasks } from "./shop.ts";

await using rhythm = await Rhythm.init({ tasks, log: { level: "error" } });
await using worker = rhythm.worker();
const working = worker.run();
const soon = { wait: { timeout: "30s" } };
await rhythm.tasks.run(prepareShop, {}, soon);

console.log("An order, and an order at which the power fails; each has one row and one receipt in the end:");
for (const order of ["order-1", "order-2"]) {
  const done = await rhythm.tasks.run(placeOrder, { order, customer: "ada@example.com", cents: 1250 }, soon);
  console.log(`${done.order} was placed at attempt ${done.attempt}`);
}

console.log("An order that the table refuses leaves no receipt behind:");
const free = await placeOrder.queue({ order: "order-3", customer: "eve@example.com", cents: 0 });
const { status, error } = await rhythm.executions.wait(free, { timeout: "30s" });
console.log(`order-3 ${status}: ${error?.message}`);

const url = Deno.env.get("RHYTHM_DATABASE_URL");
if (url?.startsWith("postgres")) {
  console.log("The same from a web handler of yours, in your own transaction:");
  const sql = postgres(url, { onnotice: () => {} });
  await sql.begin(async (tx) => {
    await tx`insert into public.shop_order (id, customer, cents) values ('order-4', 'grace@example.com', 900)`;
    await sendReceipt.queue({ order: "order-4", to: "grace@example.com" }, { sql: tx });
  });
  await sql.begin(async (tx) => {
    await sendReceipt.queue({ order: "order-5", to: "nobody@example.com" }, { sql: tx });
    throw new Error("rolled back");
  }).catch((error) => console.log(`order-5 was ${error.message}`));
  await sql.end();
}

console.log("Receipts still to be written are written before the worker leaves …");
while (
  (await rhythm.executions.query({ target: "send_receipt", status: ["pending", "running"] })).executions
    .length > 0
) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(`Orders in the table: ${await rhythm.tasks.run(countOrders, {}, soon)}`);

await worker.stop();
await working;
