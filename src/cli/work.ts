import { Rhythm } from "../app/rhythm.ts";
import { type Call, wholeNumber } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { loadTasks } from "./load_tasks.ts";
import { flowPlaces, taskModules } from "./project.ts";
import { placeOfTarget, targetOf } from "./target.ts";
import { nothingToDo, workerOptions } from "./worker_options.ts";

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
  migrate: boolean;
}

/** Runs a worker until it is told to stop. On the embedded database, which is for one process, it is `rhythm dev`. */
export async function work(call: Call<WorkerFlags>): Promise<number> {
  const { options } = call;
  const target = await targetOf(options);
  if (placeOfTarget(target).kind === "embedded") {
    const { dev } = await import("./dev/dev.ts");
    return await dev({ ...call, signal: call.signal, options: { ...options, watch: false } });
  }
  const { project } = target;
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
    ...(call.json ? { log: { format: "json" } } : {}),
  });
  const { port, hostname, name, grace } = options;
  await rhythm.worker({
    ...workerOptions(project, options),
    ...(port === undefined ? {} : { port: wholeNumber(port, "--port", 0) }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(name === undefined ? {} : { name }),
    ...(grace === undefined ? {} : { grace }),
  }).run();
  return EXIT.ok;
}
