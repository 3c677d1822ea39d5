// Worker and scheduler in one process, so that the embedded database will do.
import { openApp } from "./app.ts";
import { runMenu, scheduleTasks, scheduleWorkflow } from "./menu.ts";

await using rhythm = await openApp();
await using worker = rhythm.worker();
const working = worker.run();

// With a menu on a terminal; otherwise one of everything.
const queued = Deno.stdin.isTerminal()
  ? await runMenu(rhythm)
  : [await scheduleWorkflow(rhythm), ...await scheduleTasks()];

for (const run of queued) {
  const { target, status, output } = await rhythm.executions.wait(run, { timeout: "30s" });
  console.log(`${target} ${status}: ${JSON.stringify(output)}`);
}
await worker.stop();
await working;
