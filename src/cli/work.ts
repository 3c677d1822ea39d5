import { readEnvironment } from "../app/environment.ts";
import { levelsOf } from "../app/log.ts";
import { onShutdown } from "../app/on_shutdown.ts";
import { Rhythm } from "../app/rhythm.ts";
import type { WorkerOptions } from "../app/options.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { loadTasks } from "./load_tasks.ts";
import { flowPlaces, taskModules } from "./project.ts";
import { heedStrays, tellStray } from "./stray_errors.ts";
import { placeOfTarget, targetOf } from "./target.ts";
import { warn } from "./warn.ts";
import { nothingToDo, workerOptions } from "./worker_options.ts";

/** What `rhythm worker` takes. */
export interface WorkerFlags {
  flows?: string[];
  tasks?: string[];
  queues?: string[];
  concurrency?: number;
  port?: number;
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
    warnOfIgnored(call);
    const { dev } = await import("./dev/dev.ts");
    return await dev({ ...call, signal: call.signal, options: { ...options, watch: false } });
  }
  if (options.hostname !== undefined && options.port === undefined) {
    throw new CliError("--hostname needs --port: without it, nothing listens");
  }
  onShutdown();
  const { project } = target;
  const levels = options.log === undefined ? {} : levelsOf(options.log, "--log");
  const workerIs = { ...workerOptions(project, options), ...placeAndName(options) };
  const { tasks, workflows } = await loadTasks(await taskModules(project, options.tasks));
  const environment = readEnvironment() ?? project.config.environment;
  const flows = await flowPlaces(project, options.flows);
  if (tasks.length === 0 && workflows.length === 0 && flows.length === 0) throw nothingToDo(project.root);
  await using rhythm = await Rhythm.init({
    databaseUrl: target.url,
    schema: target.schema,
    flows,
    tasks,
    workflows,
    autoMigrate: options.migrate,
    ...(environment === undefined ? {} : { environment }),
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

// The embedded database is for one machine: `rhythm dev` works on it, whose HTTP, logs and schema are for development.
function warnOfIgnored(call: Call<WorkerFlags>): void {
  const { hostname, name, grace, log, migrate } = call.options;
  const given = Object.entries({ hostname, name, grace, log, "no-migrate": migrate ? undefined : true })
    .filter(([, value]) => value !== undefined).map(([flag]) => `--${flag}`);
  if (given.length === 0) return;
  warn(
    call,
    `on the embedded database, worker is dev without reloading: ${given.join(", ")} mean nothing there`,
  );
}

function placeAndName({ port, hostname, name, grace }: WorkerFlags): WorkerOptions {
  return {
    ...(port === undefined ? {} : { port }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(name === undefined ? {} : { name }),
    ...(grace === undefined ? {} : { grace }),
  };
}
