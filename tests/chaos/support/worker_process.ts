// A worker of the chaos tests, to be killed and frozen: `deno run -A worker_process.ts <databaseUrl> [library's mod.ts]`.
import type { AnyTask } from "../../../mod.ts";

const [databaseUrl, library = new URL("../../../mod.ts", import.meta.url).href] = Deno.args;
const { Rhythm } = await import(library) as typeof import("../../../mod.ts");
const { chaosTasks } = await import("./tasks.ts") as { chaosTasks: readonly AnyTask[] };

const rhythm = await Rhythm.init({
  databaseUrl,
  autoMigrate: false,
  tasks: chaosTasks,
  log: { level: "silent" },
});
await rhythm.worker({ lease: "2s", grace: "2s", concurrency: 20 }).run();
await rhythm.close();
