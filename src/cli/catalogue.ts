import type { Entry } from "./command.ts";

const entry = (group: string, name: string, summary: string, load: Entry["load"], line?: string): Entry => ({
  group,
  name,
  summary,
  load,
  ...(line === undefined ? {} : { line }),
});

/** Commands that share a line of the front page. */
const NEW = "Make a new project; complete commands in your shell";
const FAULTS = "Failures by their kind; what people did";
const ONE = "One execution; why it does not continue";
const MANY = "Executions, newest first; their log lines";
const WORKER = "Run a worker of this project; a dashboard without one";
const PAST = "What a workflow did, how it was, what differs";
const FILE = "An execution as a file; a frozen copy of one";
const START = "Start a workflow; queue a task; wait for ends";
const TELL = "Send a signal; ask for an answer; stop at a line";
const END = "End executions; run them again";
const PAUSE = "Executions, a task, a flow, a queue, everything";
const CHANGE = "Other variables; an earlier step; a copy from there";
const WAITING = "Change what waits; cancel, retry, pause many at once";
const SCHEMA = "Install or upgrade the schema; let a copy run";
const SERVICES = "Queues and workers; pause, resume, limit, drain";

const TIMES = "Schedules; what ended, and how long it took";
const TIDY = "Look for problems; delete what ended long ago";

const BEGIN = "Begin";
const RUN = "Run";
const LOOK = "Look";
const FLOWS = "Flows";
const CARE = "Care";

/** Every command, in the order of the front page. */
export const CATALOGUE: readonly Entry[] = [
  entry(BEGIN, "init", "Make a new project", () => import("./commands/init.ts"), NEW),
  entry(
    BEGIN,
    "completions",
    "A completion script for bash, zsh or fish",
    () => import("./commands/completions.ts"),
    NEW,
  ),
  entry(
    BEGIN,
    "dev",
    "Database, worker and HTTP in one; reloads on change",
    () => import("./commands/dev.ts"),
  ),
  entry(BEGIN, "worker", "Run a worker of this project", () => import("./commands/worker.ts"), WORKER),
  entry(
    BEGIN,
    "dashboard",
    "The dashboard, without a worker",
    () => import("./commands/dashboard.ts"),
    WORKER,
  ),
  entry(RUN, "start", "Start a workflow", () => import("./commands/start.ts"), START),
  entry(RUN, "queue", "Queue a task", () => import("./commands/queue.ts"), START),
  entry(RUN, "wait", "Wait for executions to end", () => import("./commands/wait.ts"), START),
  entry(RUN, "signal", "Send a signal to a workflow", () => import("./commands/signal.ts"), TELL),
  entry(RUN, "ask", "Send a signal, and wait for the answer", () => import("./commands/ask.ts"), TELL),
  entry(RUN, "gate", "Stop executions at a line, or before a task", () => import("./commands/gate.ts"), TELL),
  entry(RUN, "cancel", "Cancel executions and their children", () => import("./commands/cancel.ts"), END),
  entry(RUN, "retry", "Run failed or cancelled executions again", () => import("./commands/retry.ts"), END),
  entry(
    RUN,
    "pause",
    "Pause executions, a task, a flow, a queue, everything",
    () => import("./commands/pause.ts"),
    PAUSE,
  ),
  entry(RUN, "resume", "End pauses", () => import("./commands/resume.ts"), PAUSE),
  entry(
    RUN,
    "change",
    "Another queue, priority or time for what has not begun",
    () => import("./commands/change.ts"),
    WAITING,
  ),
  entry(
    RUN,
    "operations",
    "Cancel, retry, signal, pause many executions at once",
    () => import("./commands/operations.ts"),
    WAITING,
  ),
  entry(
    RUN,
    "edit",
    "Change variables of a workflow that waits or has failed",
    () => import("./commands/edit.ts"),
    CHANGE,
  ),
  entry(
    RUN,
    "rewind",
    "Put a workflow back to an earlier step",
    () => import("./commands/rewind.ts"),
    CHANGE,
  ),
  entry(
    RUN,
    "fork",
    "Make a new workflow from a step of another",
    () => import("./commands/fork.ts"),
    CHANGE,
  ),
  entry(
    LOOK,
    "show",
    "One execution: tree, timeline, source, variables",
    () => import("./commands/show.ts"),
    ONE,
  ),
  entry(LOOK, "explain", "Why an execution does not continue", () => import("./commands/explain.ts"), ONE),
  entry(LOOK, "list", "Executions, newest first", () => import("./commands/list.ts"), MANY),
  entry(LOOK, "logs", "Log lines of executions", () => import("./commands/logs.ts"), MANY),
  entry(
    LOOK,
    "failures",
    "Failures by their kind, and what is known of them",
    () => import("./commands/failures.ts"),
    FAULTS,
  ),
  entry(LOOK, "audit", "What people did, and who", () => import("./commands/audit.ts"), FAULTS),
  entry(LOOK, "history", "What a workflow did, step by step", () => import("./commands/history.ts"), PAST),
  entry(LOOK, "at", "A workflow as it was after a step", () => import("./commands/at.ts"), PAST),
  entry(
    LOOK,
    "diff",
    "What changed between two steps, or where two runs part",
    () => import("./commands/diff.ts"),
    PAST,
  ),
  entry(
    LOOK,
    "export",
    "An execution with its history, as a file",
    () => import("./commands/export.ts"),
    FILE,
  ),
  entry(LOOK, "import", "A frozen copy of an exported execution", () => import("./commands/import.ts"), FILE),
  entry(LOOK, "queues", "Queues; pause, resume, limit", () => import("./commands/queues.ts"), SERVICES),
  entry(LOOK, "workers", "Workers; drain, resume", () => import("./commands/workers.ts"), SERVICES),
  entry(LOOK, "schedules", "Schedules; set, pause, trigger", () => import("./commands/schedules.ts"), TIMES),
  entry(LOOK, "rates", "What ended, and how long it took", () => import("./commands/rates.ts"), TIMES),
  entry(FLOWS, "flow", "check, run, fmt, graph, list, register", () => import("./commands/flow.ts")),
  entry(CARE, "migrate", "Install or upgrade the schema", () => import("./commands/migrate.ts"), SCHEMA),
  entry(CARE, "adopt", "Let a copy of the database run", () => import("./commands/adopt.ts"), SCHEMA),
  entry(CARE, "doctor", "Look for problems, and say what to do", () => import("./commands/doctor.ts"), TIDY),
  entry(CARE, "purge", "Delete executions that ended long ago", () => import("./commands/purge.ts"), TIDY),
  entry(CARE, "token", "Who may use HTTP and the dashboard", () => import("./commands/token.ts")),
];
