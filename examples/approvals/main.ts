// Workflows that wait for people: a signal is kept until it is taken, and a wait may have a timeout.
import { Rhythm, task } from "@rhythm/core";

const sendEmail = task({ name: "send_email" }, ({ to, subject }: { to: string; subject: string }) => {
  console.log(`  mail to ${to}: ${subject}`);
});
const payOut = task({ name: "pay_out" }, ({ employee, amount }: { employee: string; amount: number }) => {
  console.log(`  ${amount} go to ${employee}`);
});

await using rhythm = await Rhythm.init({
  flows: [new URL("./flows", import.meta.url)],
  tasks: [sendEmail, payOut],
  log: { level: "error" },
});
await using worker = rhythm.worker();
const working = worker.run();

const ada = await rhythm.workflows.start("approve_expense", { employee: "Ada", amount: 120 });
const grace = await rhythm.workflows.start("approve_expense", { employee: "Grace", amount: 9_000 });
const alan = await rhythm.workflows.start("approve_expense", {
  employee: "Alan",
  amount: 35,
  patience: "1s",
});

// From wherever the decision is made: another process, a web handler, psql, `rhythm signal`.
await ada.signal("decision", { approved: true, by: "manager" });
await rhythm.signals.send({
  execution: grace.id,
  name: "decision",
  payload: { approved: false, by: "manager", reason: "a yacht is not an expense" },
});
console.log("Ada:", await ada.result({ timeout: "30s" }));
console.log("Grace:", await grace.result({ timeout: "30s" }));

// Alan's manager is silent: after a second the flow goes on with the director.
while (!(await rhythm.executions.logs(alan)).some(({ message }) => message.includes("director"))) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await alan.signal("decision", { approved: true, by: "director" });
console.log("Alan:", await alan.result({ timeout: "30s" }));

await worker.stop();
await working;
