// A thousand tasks at once: one `Promise.all`, one wake-up of the workflow.
import { Rhythm, task } from "@rhythm/core";

const COUNT = Number(Deno.args[0] ?? 1_000);
let atOnce = 0;
let most = 0;

const square = task({ name: "square" }, async ({ n }: { n: number }) => {
  most = Math.max(most, ++atOnce);
  await new Promise((resolve) => setTimeout(resolve, 5));
  atOnce--;
  return n * n;
});

await using rhythm = await Rhythm.init({
  flows: [new URL("./fan_out.flow", import.meta.url)],
  tasks: [square],
  log: { level: "error" },
});
await using worker = rhythm.worker({ concurrency: 200 });
const working = worker.run();

const began = performance.now();
const result = await rhythm.workflows.run("fan_out", { count: COUNT }, { wait: { timeout: "1m" } });
const seconds = (performance.now() - began) / 1000;
console.log(`${COUNT} tasks in ${seconds.toFixed(2)} s, up to ${most} at once:`, result);

await worker.stop();
await working;
