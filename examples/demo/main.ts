// `deno task demo`: a database, a worker and a workflow in one process, and what happens, as it happens.
// `deno task demo --dashboard`: a shop that goes on, and the dashboard over it.
import { Rhythm } from "@rhythm/core";
import { Account, paint } from "./account.ts";
import { runShop } from "./dashboard.ts";
import { tasks } from "./tasks.ts";

const order = {
  orderId: "1042",
  customer: "ada@example.org",
  items: [{ sku: "notebook", price: 12.5, quantity: 4 }, { sku: "fountain-pen", price: 89, quantity: 1 }],
};

async function main(): Promise<void> {
  console.log(`\n${paint("bold", "Rhythm")}: durable workflows that live in your Postgres\n`);
  const account = new Account();
  account.tell(paint("dim", "starting the embedded database …"));
  await using rhythm = await Rhythm.init({
    databaseUrl: "memory://",
    flows: [new URL("./flows", import.meta.url)],
    tasks,
    log: { level: "error" },
  });
  const asked = Promise.withResolvers<void>();
  await using worker = rhythm.worker({
    observer: (event) => {
      account.event(event);
      if (event.waits?.includes('signal "approval"')) asked.resolve();
    },
  });
  const working = worker.run();

  account.tell(`an order comes in: 139.00, which is more than may ship without ${paint("bold", "approval")}`);
  const run = await rhythm.workflows.start("process_order", order);
  await asked.promise;
  account.tell(paint("dim", "a manager reads the mail …"));
  await new Promise((resolve) => setTimeout(resolve, 400));
  account.tell(`the manager ${paint("bold", "approves")}: a signal is sent to the workflow`);
  await run.signal("approval", { approved: true, by: "grace" });

  const result = await run.result({ timeout: "15s" });
  account.tell(`the result: ${paint("green", JSON.stringify(result))}`);
  await worker.stop();
  await working;
  const tree = await rhythm.executions.tree(run);
  const attempts = tree.filter((one) => one.type === "task").reduce((sum, one) => sum + one.attempt, 0);
  account.tell(
    paint(
      "dim",
      `${tree.length} executions, ${attempts} attempts, one signal, one timer, ${account.seconds} s`,
    ),
  );
  console.log(NEXT);
}

const NEXT = `
${paint("bold", "What to try next")}

  the workflow you just saw     examples/demo/flows/process_order.flow
  the tasks it ran              examples/demo/tasks.ts
  a shop in a dashboard         deno task demo --dashboard
  a worker that stays           deno task worker
  all of it while you edit      deno task dev
  everything from a terminal    deno task rhythm --help
  more to read and to run       examples/README.md
  the same on your Postgres     RHYTHM_DATABASE_URL=postgres://localhost/mydb deno task worker
`;

if (Deno.args.includes("--dashboard")) await runShop(Number(Deno.env.get("PORT") ?? 8080));
else await main();
