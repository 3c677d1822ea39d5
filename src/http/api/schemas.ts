import { z } from "zod";
import { MOST_ATTEMPTS } from "../../shared/limits.ts";
import {
  fits,
  type OptionEntry,
  type OptionScope,
  optionsIn,
  type OptionType,
  retryOptionsIn,
  wantedBy,
} from "../../shared/options.ts";

/** Any JSON. */
export const anyJson = z.unknown().describe("any JSON value");

const time = z.union([z.date(), z.string()]).meta({ type: "string", format: "date-time" });

/** An error as it is stored. */
export const executionError = z.looseObject({
  type: z.string(),
  message: z.string(),
  code: z.string().optional(),
  at: z.object({ line: z.number(), column: z.number() }).optional().describe("where in the flow"),
  stack: z.string().optional().describe("calls and awaits, and below them those of what caused it"),
  executionId: z.string().optional().describe("the task or child that failed, where that made this one fail"),
  target: z.string().optional().describe("the name of that task or child"),
}).describe("why an execution failed");

/** An execution. */
export const execution = z.object({
  id: z.string(),
  type: z.enum(["task", "workflow"]),
  target: z.string(),
  status: z.enum(["pending", "running", "suspended", "completed", "failed", "cancelled", "frozen"]),
  queue: z.string(),
  priority: z.number(),
  inputs: anyJson,
  output: anyJson,
  error: executionError.nullable(),
  cancelReason: z.string().nullable().describe("why it was cancelled, or is being cancelled"),
  attempt: z.number(),
  maxAttempts: z.number().describe("how many attempts may throw"),
  failures: z.number().describe("how many attempts threw, while it is not over"),
  crashes: z.number().describe("how many attempts were lost with their worker, while it is not over"),
  maxCrashes: z.number().describe("how often it is repeated after an attempt was lost"),
  metadata: z.record(z.string(), z.unknown()),
  progress: anyJson,
  checkpoint: anyJson.describe("what its handler stored last for the next attempt"),
  note: z.string().nullable().describe("why it is not running although it could"),
  parentId: z.string().nullable(),
  createdAt: time,
  runAt: time.nullable(),
  expiresAt: time.nullable().describe("it is cancelled if it has not begun by then"),
  startedAt: time.nullable(),
  completedAt: time.nullable(),
  frozenStatus: z.string().nullable().describe("of a frozen copy: its status where it was exported"),
  gate: z.number().nullable().describe("the gate at which it stands"),
  pausedAt: time.nullable().describe("since when it is paused"),
  pausedBy: z.string().nullable(),
  pauseReason: z.string().nullable(),
});

/** Why an execution does not continue, or how it ended. */
export const reason = z.object({
  reason: z.string().describe("what kind of reason it is; which members there are depends on it"),
  sentence: z.string(),
  at: time.optional().describe("when it ended"),
  since: time.optional(),
  until: time.optional().describe("until when this is so, at the latest"),
  expectedAt: time.optional().describe("when it is expected to continue, where that can be computed"),
  id: z.string().optional().describe("the execution, timer or wait for a signal that it waits for"),
  name: z.string().optional(),
  status: z.string().optional(),
  line: z.number().optional().describe("the line of the flow that waits"),
  step: z.string().optional().describe("the step that waits"),
  queue: z.string().optional(),
  key: z.string().optional(),
  target: z.string().optional(),
  gate: z.number().optional(),
  limit: z.number().optional(),
  perMs: z.number().optional(),
  running: z.number().optional(),
  holders: z.array(z.string()).optional().describe("executions that have the slots: the first ten"),
  ahead: z.number().optional().describe("how many executions are before it in its queue"),
  worker: z.string().optional(),
  beatAt: time.optional(),
  attempt: z.number().optional(),
  error: executionError.optional(),
  why: z.string().optional(),
  by: z.string().optional().describe("who paused it"),
  because: z.array(z.unknown()).optional().describe(
    "why what it waits for does not continue: reasons like this one",
  ),
});

/** A page of executions. */
export const executionPage = z.object({
  executions: z.array(execution),
  cursor: z.string().nullable().describe("where the next page begins; null: there is none"),
});

/** A question to a workflow. */
export const asked = z.object({
  id: z.string(),
  executionId: z.string(),
  target: z.string(),
  name: z.string(),
  payload: anyJson,
  idempotencyKey: z.string().nullable(),
  status: z.enum(["open", "answered", "rejected", "unanswered"]).describe(
    "unanswered: the workflow has ended without an answer",
  ),
  taken: z.boolean().describe("the workflow has taken it"),
  answer: anyJson,
  error: z.object({
    type: z.string(),
    message: z.string(),
    code: z.string().optional(),
    data: anyJson.optional(),
  }).nullable().describe("why there is no answer"),
  askedAt: time,
  answeredAt: time.nullable(),
});

/** A log line. */
export const logEntry = z.object({
  id: z.string(),
  executionId: z.string(),
  at: time,
  level: z.string(),
  message: z.string(),
  data: anyJson,
});

/** The number of a step. */
export const stepNumber = z.coerce.number().int().min(1).max(2 ** 31 - 1);

/** What a step took or started. */
export const historyItem = z.object({
  kind: z.string(),
  id: z.string().optional(),
  name: z.string().optional(),
  status: z.string().optional(),
  asked: z.boolean().optional().describe("it is a signal that somebody waits to be answered"),
});

/** A step of a workflow. */
export const historyStep = z.object({
  step: z.number(),
  at: time,
  act: z.string().describe("step, or what a person did"),
  took: z.array(historyItem).describe("what had ended"),
  started: z.array(historyItem),
  logs: z.array(z.object({ level: z.string(), message: z.string(), line: z.number() })),
  from: z.array(z.number()).describe("the lines of its branches before"),
  to: z.array(z.number()).describe("the lines of its branches after it"),
  note: z.string().nullable(),
  by: z.string().nullable().describe("the database role of the person"),
});

/** A workflow as it was. */
export const pastState = z.object({
  id: z.string(),
  step: z.number(),
  at: time,
  status: z.string(),
  flow: z.string(),
  version: z.number(),
  source: z.string(),
  fibres: z.array(anyJson).describe("line, column, variables and waits of each branch"),
  started: z.array(historyItem),
  output: anyJson.optional(),
  error: anyJson.optional(),
});

/** What differs in a branch. */
export const stateChange = z.object({
  function: z.string(),
  line: z.object({ from: z.number().nullable(), to: z.number().nullable() }),
  variables: z.record(z.string(), z.object({ from: anyJson.optional(), to: anyJson.optional() })),
});

/** Where two workflows part. */
export const runsPart = z.object({
  step: z.number().describe("the first step that differs"),
  lines: z.array(z.array(z.number())).describe("the lines at which the one and the other stand after it"),
  differs: z.array(z.enum(["took", "started", "state", "end"])).describe(
    "what differs: what they took, what they started, their variables, how they ended",
  ),
  took: z.array(z.array(historyItem)).describe("what the one and the other took"),
  changes: z.array(stateChange).describe("the variables that differ after it"),
});

/** A queue. */
export const queue = z.object({
  queue: z.string(),
  ready: z.number().describe("how many could run now"),
  delayed: z.number(),
  running: z.number(),
  suspended: z.number(),
  oldestAt: time.nullable().describe("when the oldest that could run was created"),
  oldestSeconds: z.number().nullable(),
  workers: z.number().describe("how many workers take from it"),
  paused: z.boolean(),
  concurrency: z.number().nullable(),
  perKeyConcurrency: z.number().nullable(),
  rate: z.number().nullable().describe("how many begin within perSeconds"),
  perSeconds: z.number().nullable(),
  perKeyRate: z.number().nullable(),
  perKeyPerSeconds: z.number().nullable(),
  fair: z.boolean().describe("whether concurrency keys take turns"),
});

/** What failures of one kind share. */
export const fingerprint = z.string().regex(/^\d{1,19}$/).describe("what failures of one kind share");

/** Variables that executions are found by. */
export const variables = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** What is known of failures of one kind. */
export const failureState = z.enum(["new", "known", "resolved", "ignored"]);

/** Failures of one kind. */
export const failureKind = z.object({
  fingerprint,
  state: failureState,
  type: z.enum(["task", "workflow"]),
  target: z.string(),
  errorType: z.string().nullable(),
  message: z.string().nullable().describe("with # for what differs"),
  count: z.number().describe("how often it came"),
  failed: z.number().describe("how many executions are failed now"),
  firstAt: time,
  lastAt: time,
  trend: z.array(z.number()).describe("how often it came in each of the last 24 hours"),
  versions: z.array(z.number()).describe("of a workflow: the last versions that failed so"),
  exampleId: z.string().describe("the execution that failed last"),
  changedAt: time.nullable().describe("when somebody set its state"),
  changedBy: z.string().nullable(),
  note: z.string().nullable(),
});

/** What workers ended in a span of time. */
export const rate = z.object({
  at: time.describe("the beginning of the minute or hour"),
  type: z.enum(["task", "workflow"]),
  target: z.string(),
  queue: z.string(),
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  retried: z.number().describe("attempts that threw and are repeated"),
  meanMs: z.number().nullable().describe("of a task an attempt, of a workflow its life"),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});

/** What is started when executions fail. */
export const failureHook = z.object({
  name: z.string(),
  event: z.enum(["new", "failed"]),
  filter: z.record(z.string(), z.unknown()),
  type: z.enum(["task", "workflow"]),
  target: z.string().describe("what it starts; rhythm.call calls an address"),
  host: z.string().nullable().describe("the host of the address"),
  isSigned: z.boolean(),
  queue: z.string().nullable(),
  createdAt: time,
  createdBy: z.string(),
  started: z.number().describe("how many executions it has started"),
  lastAt: time.nullable(),
  lastId: z.string().nullable(),
  problem: z.string().nullable().describe("why the last one could not be started"),
});

/** Something that is done to many executions. */
export const operation = z.object({
  id: z.string(),
  action: z.enum(["cancel", "retry", "signal", "pause", "resume", "change", "migrate", "repair"]),
  state: z.enum(["running", "stopped", "completed"]),
  dryRun: z.boolean(),
  filter: z.record(z.string(), z.unknown()),
  args: z.record(z.string(), z.unknown()),
  startedBy: z.string(),
  createdAt: time,
  endedAt: time.nullable(),
  looked: z.number().describe("how many executions it has looked at"),
  done: z.number().describe("how many it has changed, or would change"),
  unchanged: z.number(),
  refused: z.number(),
  locked: z.number().describe("how many others have locked; it tries them again"),
});

/** What an operation did to one execution. */
export const operationAct = z.object({
  executionId: z.string(),
  at: time,
  result: z.enum(["done", "would", "unchanged", "refused"]).nullable(),
  detail: z.string().nullable().describe("why it refused"),
});

/** Workflows of a migration or a repair that stand at the same place. */
export const operationPlace = z.object({
  version: z.int().describe("the version that they run"),
  lines: z.array(z.int()).describe("the lines at which their branches stand"),
  sources: z.array(z.string().nullable()).describe("the text of these lines"),
  toLines: z.array(z.int().nullable()).describe(
    "the lines of the other version where they go on; null: nowhere",
  ),
  toSources: z.array(z.string().nullable()).describe("the text of these lines"),
  how: z.enum(["sure", "likely", "none"]).nullable().describe(
    "null: not known before a worker opens them, or not needed",
  ),
  why: z.string().nullable().describe("why it is not sure"),
  result: z.enum(["done", "would", "unchanged", "refused"]).nullable(),
  executions: z.int().describe("how many there are"),
  example: z.string().describe("one of them"),
});

/** Something that is paused. */
export const pause = z.object({
  kind: z.enum(["everything", "task", "workflow", "queue", "key"]),
  name: z.string().nullable().describe("the task, flow or queue"),
  key: z.string().nullable().describe("the concurrency key"),
  pausedAt: time,
  pausedBy: z.string().nullable(),
  reason: z.string().nullable(),
});

/** A worker. */
export const worker = z.object({
  id: z.string(),
  name: z.string(),
  queues: z.array(z.string()),
  startedAt: time,
  beatAt: time.describe("its last heartbeat"),
  leaseUntil: time,
  leaseMs: z.number(),
  sleeping: z.boolean(),
  running: z.number(),
  drainingSince: time.nullable().describe("since when it takes nothing new"),
  info: z.record(z.string(), z.unknown()),
});

/** A schedule. */
export const schedule = z.object({
  name: z.string(),
  cron: z.string(),
  timezone: z.string(),
  type: z.enum(["task", "workflow"]),
  target: z.string(),
  nextRunAt: time.nullable(),
  lastRunAt: time.nullable(),
  lastSlot: time.nullable().describe("which of its times it ran for last"),
  lastExecutionId: z.string().nullable(),
  lastError: anyJson,
  paused: z.boolean(),
  overlap: z.enum(["skip", "queue", "allow", "cancel"]),
  catchUp: z.enum(["none", "one", "all"]),
  jitterSeconds: z.number(),
  inputs: anyJson,
  options: z.record(z.string(), z.unknown()),
  queued: z.number().describe("how many runs wait for the one before"),
  fired: z.number(),
  skipped: z.number(),
  createdAt: time,
  updatedAt: time,
});

/** A flow with its current version. */
export const flow = z.object({
  name: z.string(),
  version: z.number(),
  program: z.string().describe("the hash of the compiled program"),
  description: z.string().nullable(),
  options: z.record(z.string(), z.unknown()),
  inputSchema: anyJson,
  source: z.string(),
  createdAt: time,
  updatedAt: time,
});

/** A version of a flow with what happened at its lines. */
export const flowHeat = z.object({
  name: z.string(),
  version: z.number(),
  source: z.string(),
  lines: z.array(z.object({
    line: z.number(),
    came: z.number().describe("how often it was waited at"),
    failed: z.number(),
    retried: z.number().describe("attempts that failed there and are repeated"),
    meanMs: z.number().nullable().describe("how long they waited"),
    p50Ms: z.number().nullable(),
    p95Ms: z.number().nullable(),
    p99Ms: z.number().nullable(),
  })),
});

/** Where executions stop until somebody lets them on. */
export const gate = z.object({
  id: z.number(),
  flow: z.string(),
  version: z.number().nullable().describe("the version to which the line belongs"),
  line: z.number().nullable(),
  sourceLine: z.string().nullable().describe("the text of the line"),
  before: z.string().nullable().describe("the task that does not begin"),
  when: z.record(z.string(), z.unknown()).describe("which executions of the flow"),
  setAt: time,
  setBy: z.string(),
  note: z.string().nullable(),
  executions: z.number().describe("how many stand there"),
});

/** What a token may do. */
export const tokenRole = z.enum(["viewer", "operator", "deployer", "admin"]);

/** A token. */
export const token = z.object({
  id: z.number(),
  name: z.string(),
  role: tokenRole,
  metadataOnly: z.boolean().describe("whether it sees no inputs, outputs, variables, logs and messages"),
  createdAt: time,
  createdBy: z.string(),
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  usedAt: time.nullable().describe("within an hour"),
});

/** Something that a person did. */
export const auditEntry = z.object({
  id: z.number(),
  at: time,
  by: z.string().nullable().describe("the name of a token; null: nobody was named"),
  role: z.string().describe("the database role"),
  act: z.string(),
  kind: z.string(),
  target: z.string().nullable(),
  why: z.string().nullable(),
  before: anyJson,
  after: anyJson,
});

/** A violation that `check()` found. */
export const violation = z.object({ executionId: z.string().nullable(), violation: z.string() });

/** That it was done. */
export const done = z.object({ ok: z.literal(true) });

/** The options of a start, made from the table of options. */
export const startOptions: z.ZodObject = schemaOf(optionsIn("start"), "start");

/** What can be changed of an execution that has not begun. */
export const changeOptions: z.ZodObject = schemaOf(optionsIn("change"), "change");

/** The options of what a schedule starts. */
export const scheduleOptions: z.ZodObject = schemaOf(optionsIn("schedule"), "schedule");

function schemaOf(entries: readonly OptionEntry[], scope: OptionScope): z.ZodObject {
  return z.strictObject(Object.fromEntries(
    entries.map(({ name, type, help }) => [name, valueOf(type, scope).optional().describe(help)]),
  ));
}

function valueOf(type: OptionType, scope: OptionScope): z.ZodType {
  switch (type.kind) {
    case "number":
      return (type.whole ? z.int() : z.number()).min(type.from).max(type.to);
    case "duration":
      return wanted(z.union([z.number().nonnegative(), z.string()]), type);
    case "until":
      return wanted(z.union([z.number().positive(), z.string()]), type);
    case "choice":
      return z.enum(type.values as readonly [string, ...string[]]);
    case "span":
      return wanted(z.union([z.number().positive(), z.string()]), type);
    case "parts":
      return z.strictObject(Object.fromEntries(type.parts.map((part) => {
        const value = valueOf(part.type, scope);
        return [part.name, (type.needed.includes(part.name) ? value : value.optional()).describe(part.help)];
      })));
    case "share":
      return z.union([z.boolean(), z.number().min(0).max(1)]);
    case "object":
      return z.record(z.string(), z.unknown());
    case "retry":
      return z.union([z.int().min(1).max(MOST_ATTEMPTS), schemaOf(retryOptionsIn(scope), scope)]);
    default:
      return wanted(z.string(), type);
  }
}

// What JSON Schema has no words for.
function wanted(schema: z.ZodType, type: OptionType): z.ZodType {
  return schema.refine((value) => fits(type, value), { error: `Expected ${wantedBy(type)}` });
}
