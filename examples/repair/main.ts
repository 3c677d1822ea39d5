// A bad deploy fails hundreds of orders at one line. They are found, looked at, patched, and moved to the mended flow.
import { type Migration, Rhythm, task } from "@rhythm/core";

const count = Number(Deno.args[0] ?? 500);
const waiting = Math.ceil(count / 50);
const charged = new Map<string, number>();

const price = task(
  { name: "price" },
  ({ order }: { order: string }) => ({ amount: 100, currency: "EUR", order }),
);
const charge = task({ name: "charge" }, ({ order, total }: { order: string; total: number }) => {
  // The same order twice is one charge, as a payment service does it by its key.
  if (!charged.has(order)) charged.set(order, total);
  return charged.get(order)!;
});

// The price has no tax any more, and nobody thought of that.
const bad = `const price = await Task.run("price", Inputs)
await Signal.next("packed")
const total = price.amount + price.tax.amount
return await Task.run("charge", { order: Inputs.order, total })`;
const mended = `const price = await Task.run("price", Inputs)
await Signal.next("packed")

// Where the price has no tax, it is a fifth.
const tax = price.tax?.amount ?? price.amount / 5
const total = price.amount + tax
return await Task.run("charge", { order: Inputs.order, total })`;

await using rhythm = await Rhythm.init({ tasks: [price, charge], log: { level: "silent" } });
await using worker = rhythm.worker({ concurrency: 100 });
const working = worker.run();
const { executions, flows, operations, signals } = rhythm;

/** Works on an operation beside the worker, until it has ended. */
async function untilDone({ operation }: Migration): Promise<void> {
  let { state } = operation;
  while (state === "running") {
    await operations.work(operation.id);
    ({ state } = await operations.get(operation.id));
  }
  const { done, refused } = await operations.get(operation.id);
  console.log(`${operation.action}: ${done} done, ${refused} refused`);
}

// The bad deploy, and a busy morning.
await flows.register({ name: "order", source: bad }, { deploy: crypto.randomUUID() });
const orders = await executions.createMany(
  Array.from({ length: count }, (_, n) => ({
    type: "workflow" as const,
    target: "order",
    inputs: { order: `order-${n}` },
  })),
);
const packed = orders.slice(waiting);
for (const execution of packed) await signals.send({ execution, name: "packed" });
for (const run of packed) await executions.wait(run, { timeout: "10m" });

// Find them, and look.
const failed = { target: "order", status: "failed", line: 3 } as const;
const { executions: [last] } = await executions.query({ target: "order", status: "failed", limit: 1 });
console.log(`failed: ${last!.error!.message}`);
const steps = await executions.history(last!.id);
const before = steps.findLast(({ to }) => to.includes(2))!;
const { fibres, source } = await executions.at(last!.id, before.step);
console.log(`it stood at: ${source.split("\n")[fibres[0]!.line - 1]}`);
console.log("with", fibres[0]!.variables);

// One customer cannot wait: a variable is changed in place.
const [urgent, doubtful] = packed as [typeof packed[0], typeof packed[0]];
const withTax = { amount: 100, currency: "EUR", tax: { amount: 7 } };
await executions.edit(urgent, { set: { price: withTax }, note: "the shop was asked by telephone" });
await executions.retry(urgent);
console.log(`patched: ${await urgent.result({ timeout: "5m" })}`);

// Does the mended flow do it? A copy of another one tries it.
const { version } = await flows.register({ name: "order", source: mended }, { deploy: crypto.randomUUID() });
const step = (await executions.history(doubtful)).findLast(({ to }) => to.includes(2))!.step;
const { id: copy } = await executions.fork(doubtful, { step, version, note: "does it end?" });
await signals.send({ execution: copy!, name: "packed" });
console.log(`forked: ${(await executions.wait(copy!, { timeout: "5m" })).output}`);

// The rest.
const { places } = await executions.migrate({ target: "order" }, { dryRun: true });
for (const { executions, lines, toLines, how } of places) {
  console.log(`would go from line ${lines} to line ${toLines}, ${how}: ${executions}`);
}
await untilDone(await executions.migrate({ target: "order" }, { note: "no tax in prices" }));
await untilDone(await executions.repair(failed, { to: version, note: "no tax in prices" }));
for (const execution of orders.slice(0, waiting)) await signals.send({ execution, name: "packed" });
const totals = new Map<number, number>();
for (const run of orders) {
  const total = Number(await run.result({ timeout: "10m" }));
  totals.set(total, (totals.get(total) ?? 0) + 1);
}
console.log(`orders: ${charged.size} charged, by total`, Object.fromEntries(totals));

await worker.stop();
await working;
