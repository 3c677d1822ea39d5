// A report by the clock. The schedule is a row in the database: whichever worker is there fires it, or pg_cron.
import { Rhythm, task } from "@rhythm/core";

let reports = 0;
const enough = Promise.withResolvers<void>();

const countRows = task(
  { name: "count_rows" },
  ({ table }: { orgId: string; table: string }) => table.length * 7,
);
const sendReport = task({ name: "send_report" }, ({ to, body }: { to: string; body: string }) => {
  console.log(`  ${new Date().toISOString().slice(11, 19)} report to ${to}: ${body}`);
  if (++reports === 3) enough.resolve();
});

await using rhythm = await Rhythm.init({
  flows: [new URL("./flows", import.meta.url)],
  tasks: [countRows, sendReport],
  log: { level: "error" },
});
await using worker = rhythm.worker();
const working = worker.run();

// As one would have it: on working days at eight, in the time of Berlin, whatever the clocks do.
const next = await rhythm.schedules.set("report:morning", {
  cron: "0 8 * * mon-fri",
  timezone: "Europe/Berlin",
  target: "sales_report",
  inputs: { orgId: "acme" },
});
console.log(`The morning report comes next at ${next?.toISOString()}`);

// To see something now: with a sixth field in front, every second.
console.log("And one every second, three times:");
await rhythm.schedules.set("report:every-second", {
  cron: "* * * * * *",
  target: "sales_report",
  inputs: { orgId: "globex" },
  overlap: "skip",
});
await enough.promise;
await rhythm.schedules.remove("report:every-second");

for (const { name, cron, timezone } of await rhythm.schedules.list()) {
  console.log(`Still there: "${name}" (${cron}, ${timezone})`);
}
const once = await rhythm.schedules.trigger("report:morning");
console.log("The morning report, triggered by hand:", await once.result({ timeout: "30s" }));
await rhythm.schedules.remove("report:morning");

await worker.stop();
await working;
