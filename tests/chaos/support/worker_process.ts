// A worker of the chaos tests, to be killed and frozen: `deno run -A worker_process.ts <databaseUrl> [first]`.
import { onShutdown, Rhythm } from "../../../mod.ts";
import { chaosTasks } from "./tasks.ts";

onShutdown();
const [databaseUrl, migrate] = Deno.args;
await using rhythm = await Rhythm.init({
  databaseUrl,
  autoMigrate: migrate === "first",
  tasks: chaosTasks,
  log: { level: Deno.env.get("RHYTHM_CHAOS_LOG") === undefined ? "silent" : "debug" },
});
await rhythm.worker({ lease: "2s", grace: "2s", concurrency: 20 }).run();
