import { levelsOf } from "../app/log.ts";
import { onShutdown } from "../app/on_shutdown.ts";
import { Rhythm } from "../app/rhythm.ts";
import type { WorkerOptions } from "../app/options.ts";
import { durationMs } from "../shared/duration.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { loadTasks } from "./load_tasks.ts";
import { flowPlaces, taskModules } from "./project.ts";
import { heedStrays, tellStray } from "./stray_errors.ts";
import { placeOfTarget, targetOf } from "./target.ts";
import { nothingToDo, portOf, workerOptions } from "./worker_options.ts";

/** What `rhythm worker` takes. */
export interface WorkerFlags {
  flows?: string[];
  tasks?: string[];
  queues?: string;
  concurrency?: string;
  port?: string;
  hostname?: string;
  name?: string;
  grace?: string;
  log?: string;
  migrate: boolean;
}

/** Runs a worker until it is told to stop. On the embedded database it is `rhythm dev`. */
export async function work(call: Call<WorkerFlags>): Promise<number> {
  const { options } = call;
  const target = await targetOf(options);
  if (placeOfTarget(target).kind === "embedded") {
    const { dev } = await import("./dev/dev.ts");
    return await dev({ ...call, signal: call.signal, options: { ...options, watch: false } });
  }
  onShutdown();
  const { project } = target;
  const levels = options.log === undefined ? {} : levelsOf(options.log, "--log");
  const workerIs = { ...workerOptions(project, options), ...placeAndName(options) };
  const { tasks, workflows } = await loadTasks(await taskModules(project, options.tasks));
  const flows = await flowPlaces(project, options.flows);
  if (tasks.length === 0 && workflows.length === 0 && flows.length === 0) throw nothingToDo(project.root);
  await using rhythm = await Rhythm.init({
    databaseUrl: target.url,
    schema: target.schema,
    flows,
    tasks,
    workflows,
    autoMigrate: options.migrate,
    log: { ...levels, ...(call.json ? { format: "json" } : {}) },
  });
  const worker = rhythm.worker(workerIs);
  const strays: unknown[] = [];
  // After an error that nobody caught, the state of the process is unknown. The handlers finish, and the supervisor starts it again.
  using _strays = heedStrays((error) => {
    if (strays.push(error) === 1) void worker.stop();
  });
  await worker.run();
  if (strays.length > 0) throw tellStray(strays[0]);
  return EXIT.ok;
}

// What is wrong is told before anything is opened.
function placeAndName({ port, hostname, name, grace }: WorkerFlags): WorkerOptions {
  if (grace !== undefined) durationMs(grace);
  return {
    ...(port === undefined ? {} : { port: portOf(port) }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(name === undefined ? {} : { name }),
    ...(grace === undefined ? {} : { grace }),
  };
}
