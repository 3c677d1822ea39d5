import type { Entry } from "./command.ts";

const entry = (group: string, name: string, summary: string, load: Entry["load"]): Entry => ({
  group,
  name,
  summary,
  load,
});

const BEGIN = "Begin";
const RUN = "Run";
const LOOK = "Look";
const FLOWS = "Flows";
const CARE = "Care";
/** What the front page names, and does not explain. */
export const MORE = "More";

/** Every command, in the order of the front page. */
export const CATALOGUE: readonly Entry[] = [
  entry(BEGIN, "init", "Make a new project", () => import("./commands/init.ts")),
  entry(
    BEGIN,
    "dev",
    "Database, worker and HTTP in one; reloads on change",
    () => import("./commands/dev.ts"),
  ),
  entry(BEGIN, "worker", "Run a worker of this project", () => import("./commands/worker.ts")),
  entry(RUN, "start", "Start a workflow", () => import("./commands/start.ts")),
  entry(RUN, "queue", "Queue a task", () => import("./commands/queue.ts")),
  entry(RUN, "signal", "Send a signal to a workflow", () => import("./commands/signal.ts")),
  entry(RUN, "wait", "Wait for executions to end", () => import("./commands/wait.ts")),
  entry(RUN, "cancel", "Cancel executions and their children", () => import("./commands/cancel.ts")),
  entry(RUN, "retry", "Run failed or cancelled executions again", () => import("./commands/retry.ts")),
  entry(LOOK, "show", "One execution: tree, timeline, source, variables", () => import("./commands/show.ts")),
  entry(LOOK, "list", "Executions, newest first", () => import("./commands/list.ts")),
  entry(LOOK, "logs", "Log lines of executions", () => import("./commands/logs.ts")),
  entry(LOOK, "queues", "Queues; pause, resume, limit", () => import("./commands/queues.ts")),
  entry(LOOK, "workers", "Workers and their heartbeats", () => import("./commands/workers.ts")),
  entry(LOOK, "schedules", "Schedules; set, pause, trigger", () => import("./commands/schedules.ts")),
  entry(FLOWS, "flow", "check, run, fmt, graph, list, register", () => import("./commands/flow.ts")),
  entry(CARE, "migrate", "Install or upgrade the schema", () => import("./commands/migrate.ts")),
  entry(CARE, "doctor", "Look for problems, and say what to do", () => import("./commands/doctor.ts")),
  entry(CARE, "purge", "Delete executions that ended long ago", () => import("./commands/purge.ts")),
  entry(MORE, "explain", "Why an execution does not continue", () => import("./commands/explain.ts")),
  entry(
    MORE,
    "pause",
    "Pause executions, a task, a flow, a queue, everything",
    () => import("./commands/pause.ts"),
  ),
  entry(
    MORE,
    "operations",
    "Cancel, retry, signal, pause many executions at once",
    () => import("./commands/operations.ts"),
  ),
  entry(MORE, "resume", "End pauses", () => import("./commands/resume.ts")),
  entry(
    MORE,
    "completions",
    "A completion script for bash, zsh or fish",
    () => import("./commands/completions.ts"),
  ),
];
