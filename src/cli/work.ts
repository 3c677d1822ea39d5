import { placeOf } from "../app/open_database.ts";
import { Rhythm } from "../app/rhythm.ts";
import { CliError } from "./cli_error.ts";
import { type Call, wholeNumber } from "./command.ts";
import type { WorkerFlags } from "./commands/worker.ts";
import { EXIT } from "./exit_codes.ts";
import { loadTasks } from "./load_tasks.ts";
import { flowPlaces, type Project, taskModules } from "./project.ts";
import { targetOf } from "./session.ts";

/** Runs a worker until it is told to stop. On the embedded database, which is for one process, it is `rhythm dev`. */
export async function work(call: Call<WorkerFlags>): Promise<number> {
  const { options } = call;
  const target = await targetOf(options);
  if (target.url === undefined || placeOf(target.url).kind === "embedded") {
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

/** Queues and concurrency, as flags or `rhythm.json` say. */
export function workerOptions(
  project: Project,
  flags: { queues?: string; concurrency?: string },
): { queues?: string[]; concurrency?: number } {
  const queues = flags.queues?.split(",").map((one) => one.trim()).filter(Boolean) ?? project.config.queues;
  const concurrency = flags.concurrency === undefined
    ? project.config.concurrency
    : wholeNumber(flags.concurrency, "--concurrency");
  return {
    ...(queues === undefined ? {} : { queues }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** That a project has neither flows nor tasks. */
export function nothingToDo(root: string): CliError {
  return new CliError(`there is nothing to work on: no flows/ and no tasks.ts in ${root}`, {
    exit: EXIT.notFound,
    code: "NOT_FOUND",
    hint: "`rhythm init` makes a project; --flows and --tasks name other places",
  });
}
