// `deno task demo --dashboard`: a lively shop in an embedded database, and the dashboard over it, until Ctrl-C.
import { Rhythm } from "@rhythm/core";
import { paint } from "./account.ts";
import { shopTasks } from "./shop/tasks.ts";
import { tasks } from "./tasks.ts";

/** A shop with a history: executions of every kind, failures, waits, schedules. */
export async function openShop(): Promise<Rhythm> {
  return await Rhythm.init({
    databaseUrl: "memory://",
    flows: [new URL("./flows", import.meta.url), new URL("./shop", import.meta.url)],
    tasks: [...tasks, ...shopTasks],
    environment: "demo",
    log: { level: "silent" },
  });
}

/** Starts what a shop has at the beginning. Some of it waits, some fails, some ends. */
export async function fillShop(rhythm: Rhythm): Promise<void> {
  await rhythm.schedules.set("invoices", {
    cron: "15 6 * * *",
    target: "settle_invoices",
    inputs: { day: "today" },
  });
  await rhythm.schedules.set("catalogue", { cron: "0 */2 * * *", target: "import_catalogue", type: "task" });
  await rhythm.queues.configure("carriers", { concurrency: 3 });
  for (let nth = 1; nth <= 8; nth++) await oneOrder(rhythm, nth);
  await rhythm.workflows.start("settle_invoices", { day: "2030-01-31" });
  await rhythm.workflows.start("settle_invoices", { day: "2030-02-01" });
  await rhythm.tasks.queue("import_catalogue", { from: "supplier" });
  await rhythm.tasks.queue("send_email", { to: "team@shop.example", subject: "Plan of the week" }, {
    delay: "3h",
  });
  // No worker takes from this queue.
  await rhythm.tasks.queue("send_email", { to: "press@shop.example", subject: "News" }, {
    queue: "newsletter",
  });
}

/** A customer and an order come in. */
export async function oneOrder(rhythm: Rhythm, nth: number): Promise<void> {
  const orderId = String(1040 + nth);
  await rhythm.workflows.start("onboard_customer", { userId: nth, amount: nth % 2 === 0 ? 400 : 12_400 }, {
    metadata: { region: nth % 3 === 0 ? "eu" : "us" },
  });
  await rhythm.workflows.start("ship_order", {
    orderId,
    parcels: Array.from({ length: 1 + (nth % 4) }, (_, index) => ({ items: 1 + ((nth + index) % 5) })),
  });
  await rhythm.workflows.start("process_order", {
    orderId,
    customer: "ada@example.org",
    items: [{ sku: "notebook", price: 12.5, quantity: 1 + (nth % 9) }, { sku: "pen", price: 9, quantity: 1 }],
  });
}

/** Runs the shop until it is stopped. */
export async function runShop(port: number): Promise<void> {
  console.log(paint("dim", "starting the embedded database …"));
  await using rhythm = await openShop();
  const queues = ["default", "warehouse", "carriers", "payments", "imports"];
  await using worker = rhythm.worker({ port, queues, name: "shop-1" });
  const working = worker.run();
  await fillShop(rhythm);
  console.log(`\n${paint("bold", "The dashboard")}: ${worker.url}\nThe token:     ${worker.token}\n`);
  let isOver = false;
  void working.finally(() => isOver = true);
  for (let nth = 9; !isOver; nth++) {
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    if (!isOver) await oneOrder(rhythm, nth).catch(() => {});
  }
  await working;
}
