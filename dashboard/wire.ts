/** What the server answers. Times are texts. */
import type { Role } from "../src/http/rights.ts";

/** Any JSON. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Who one is, and where. */
export interface Session {
  name: string;
  role: Role;
  /** Whether values of executions are hidden. */
  metadataOnly: boolean;
  version: string;
  schema: string;
  environment?: string;
  mode?: string;
}

/** The status of an execution. */
export type Status = "pending" | "running" | "suspended" | "completed" | "failed" | "cancelled" | "frozen";

/** An execution in a list. */
export interface Row {
  id: string;
  type: "task" | "workflow";
  target: string;
  status: Status;
  queue: string;
  version: number | null;
  attempt: number;
  maxAttempts: number;
  note: string | null;
  parentId: string | null;
  errorType: string | null;
  errorMessage: string | null;
  fingerprint: string | null;
  cancelReason: string | null;
  createdAt: string;
  runAt: string | null;
  startedAt: string | null;
  completedAt: string | null;
  pausedAt: string | null;
  waitKind: string | null;
  waitName: string | null;
  waitUntil: string | null;
  waits: number | null;
}

/** Executions that have something in common. */
export interface Groups {
  groups: {
    value: string | null;
    executions: number;
    target: string | null;
    errorType: string | null;
    errorMessage: string | null;
    line: string | null;
  }[];
  most: number;
  /** There may be more: nothing older than this was looked at. */
  searchedTo: string | null;
}

/** A page of executions. */
export interface RowPage {
  rows: Row[];
  cursor: string | null;
  /** The page is not full, but there may be more: nothing older than this was looked at. */
  searchedTo: string | null;
}

/** An error, as it is stored. */
export interface Failure {
  type: string;
  message: string;
  code?: string;
  data?: Json;
  at?: { line: number; column: number };
  stack?: string;
  executionId?: string;
  target?: string;
}

/** A branch of a workflow. */
export interface Fibre {
  function: string;
  line: number;
  column: number;
  variables: Record<string, Json>;
  waitsFor: string[];
}

/** Why an execution does not continue. */
export interface Reason {
  reason: string;
  sentence: string;
  since?: string;
  until?: string;
  expectedAt?: string;
  id?: string;
  name?: string;
  line?: number;
  holders?: string[];
  because?: Reason[];
}

/** Something that a step took or started. */
export interface Item {
  kind: string;
  id?: string;
  name?: string;
  status?: string;
}

/** A step of a workflow. */
export interface Step {
  step: number;
  at: string;
  act: "step" | "edited" | "rewound" | "forked" | "migrated" | "repaired" | "continued";
  took: Item[];
  started: Item[];
  logs: { level: string; message: string; line: number }[];
  from: number[];
  to: number[];
  note: string | null;
  by: string | null;
}

/** A workflow as it was. */
export interface Past {
  step: number;
  at: string;
  status: Status;
  version: number;
  source: string;
  fibres: Fibre[];
  started: Item[];
  output?: Json;
  error?: Failure;
}

/** A log line. */
export interface Line {
  id: string;
  at: string;
  level: string;
  message: string;
  data: Json;
}

/** A key that an execution was started with. */
export interface HeldKey {
  kind: "kept" | "queued" | "active" | "throttle";
  heldKey: string;
  holder: string;
  until: string | null;
}

/** Everything about one execution. */
export interface Whole {
  execution: {
    id: string;
    type: "task" | "workflow";
    target: string;
    status: Status;
    /** Of a frozen copy: its status where it was exported. */
    frozenStatus: Status | null;
    queue: string;
    priority: number;
    inputs: Json;
    output: Json;
    error: Failure | null;
    cancelReason: string | null;
    attempt: number;
    maxAttempts: number;
    failures: number;
    crashes: number;
    metadata: Json;
    progress: Json;
    note: string | null;
    parentId: string | null;
    createdAt: string;
    runAt: string | null;
    expiresAt: string | null;
    startedAt: string | null;
    completedAt: string | null;
    pausedAt: string | null;
    pausedBy: string | null;
    pauseReason: string | null;
  };
  family: Row[];
  hasMore: boolean;
  source: { version: number; source: string } | null;
  fibres: Fibre[];
  reasons: Reason[];
  logs: Line[];
  steps: Step[];
  keys: HeldKey[];
  /** Where its trace is shown. */
  traceUrl: string | null;
}

/** Failures of one kind. */
export interface Kind {
  fingerprint: string;
  state: "new" | "known" | "resolved" | "ignored";
  type: "task" | "workflow";
  target: string;
  errorType: string | null;
  message: string | null;
  count: number;
  failed: number;
  firstAt: string;
  lastAt: string;
  trend: number[];
  versions: number[];
  exampleId: string;
  changedAt: string | null;
  changedBy: string | null;
  note: string | null;
}

/** Something that is done to many executions. */
export interface Operation {
  id: string;
  action: string;
  state: "running" | "stopped" | "completed";
  dryRun: boolean;
  filter: Record<string, Json>;
  args: Record<string, Json>;
  startedBy: string;
  createdAt: string;
  endedAt: string | null;
  looked: number;
  done: number;
  unchanged: number;
  refused: number;
  locked: number;
}

/** What an operation did to one execution. */
export interface Act {
  executionId: string;
  at: string;
  result: "done" | "would" | "unchanged" | "refused" | null;
  detail: string | null;
}

/** The state of everything. */
export interface Overview {
  pulse: Record<string, number>;
  queues: {
    queue: string;
    ready: number;
    delayed: number;
    running: number;
    suspended: number;
    oldestAt: string | null;
    workers: number;
    paused: boolean;
    concurrency: number | null;
    isEstimate: boolean;
  }[];
  failures: Kind[];
  pauses: {
    kind: string;
    name: string | null;
    pausedAt: string;
    pausedBy: string | null;
    reason: string | null;
  }[];
  due: { name: string; target: string; nextRunAt: string; cron: string; lastError: Json }[];
  /** What ended in each of so many minutes, hours or days. */
  ended: {
    each: "minute" | "hour" | "day";
    count: number;
    spans: { at: string; ok: number; failed: number }[];
  };
  workers: {
    id: string;
    name: string;
    running: number;
    beatAt: string;
    leaseUntil: string;
    startedAt: string;
  }[];
  operations: Operation[];
  now: string;
}

/** Something that is paused. */
export interface Pause {
  pausedAt: string;
  pausedBy: string | null;
  reason: string | null;
}

/** A queue. */
export interface Queue {
  queue: string;
  ready: number;
  delayed: number;
  running: number;
  suspended: number;
  oldestAt: string | null;
  workers: number;
  paused: boolean;
  concurrency: number | null;
  perKeyConcurrency: number | null;
  rate: number | null;
  perSeconds: number | null;
  perKeyRate: number | null;
  perKeyPerSeconds: number | null;
  fair: boolean;
  /** How many ended, in the mean of the last five whole minutes. */
  perMinute: number;
  /** Whether ready or delayed is an estimate. */
  isEstimate: boolean;
  pause: Pause | null;
}

/** A concurrency key of a queue. */
export interface QueueKey {
  key: string;
  ready: number;
  running: number;
  concurrency: number | null;
  rate: number | null;
  perSeconds: number | null;
  weight: number | null;
  paused: boolean;
}

/** A worker. */
export interface Worker {
  id: string;
  name: string;
  queues: string[];
  startedAt: string;
  beatAt: string;
  leaseUntil: string;
  leaseMs: number;
  sleeping: boolean;
  running: number;
  drainingSince: string | null;
  memoryBytes: number | null;
  library: string | null;
  tasks: string[];
}

/** A schedule. */
export interface Schedule {
  name: string;
  cron: string;
  timezone: string;
  type: "task" | "workflow";
  target: string;
  nextRunAt: string | null;
  lastRunAt: string | null;
  lastSlot: string | null;
  lastExecutionId: string | null;
  lastError: { code?: string; message?: string; slot?: string } | null;
  paused: boolean;
  overlap: "skip" | "queue" | "allow" | "cancel";
  catchUp: "none" | "one" | "all";
  jitterSeconds: number;
  queued: number;
  fired: number;
  skipped: number;
  createdAt: string;
  updatedAt: string;
}

/** A schedule with its times. */
export interface WholeSchedule {
  schedule: Schedule & { inputs: Json; options: Record<string, Json> };
  next: string[];
  runs: {
    slot: string;
    executionId: string | null;
    status: Status | null;
    completedAt: string | null;
    errorType: string | null;
  }[];
}

/** A flow in a list. */
export interface FlowRow {
  name: string;
  version: number;
  versions: number;
  description: string | null;
  createdAt: string;
  updatedAt: string;
  pending: number;
  running: number;
  failed: number;
  pausedAt: string | null;
  waits: { version: number; waiting: number }[];
}

/** What happened at a line of a flow. */
export interface HeatLine {
  line: number;
  came: number;
  failed: number;
  retried: number;
  meanMs: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

/** Where executions of a flow stop. */
export interface Gate {
  id: number;
  flow: string;
  version: number | null;
  line: number | null;
  sourceLine: string | null;
  before: string | null;
  when: Record<string, Json>;
  setAt: string;
  setBy: string;
  note: string | null;
  executions: number;
}

/** A shape of a picture. */
export interface Shape {
  tag: "rect" | "text" | "path" | "g" | "title";
  attributes: Record<string, string | number>;
  children: (Shape | string)[];
}

/** A flow as a picture; null: it cannot be drawn. */
export interface Graph {
  version: number;
  picture: { width: number; height: number; shapes: Shape[] } | null;
}

/** A version of a flow. */
export interface FlowVersion {
  version: number;
  isCurrent: boolean;
  description: string | null;
  options: Record<string, Json>;
  inputSchema: Json;
  source: string;
  createdAt: string;
  waiting: number;
}

/** A flow with its versions, newest first, and what happened at the lines of one of them. */
export interface WholeFlow {
  name: string;
  version: number;
  hours: number;
  hasMore: boolean;
  row: FlowRow;
  versions: FlowVersion[];
  standing: { version: number; line: number; executions: number }[];
  lines: HeatLine[];
  gates: Gate[];
  pause: Pause | null;
  rates: {
    queue: string;
    completed: number;
    failed: number;
    cancelled: number;
    p50Ms: number | null;
    p95Ms: number | null;
  }[];
}

/** What differs in a branch. */
export interface StateChange {
  function: string;
  line: { from: number | null; to: number | null };
  variables: Record<string, { from?: Json; to?: Json }>;
}

/** Two workflows side by side, and where they part; null: they do the same. */
export interface Comparison {
  sides: {
    id: string;
    target: string;
    status: Status;
    version: number;
    source: string;
    inputs: Json;
    createdAt: string;
    completedAt: string | null;
  }[];
  part: {
    step: number;
    lines: [number[], number[]];
    differs: ("took" | "started" | "state" | "end")[];
    took: [Item[], Item[]];
    changes: StateChange[];
  } | null;
}

/** Who waits for which signal, and which signals nobody has taken. */
export interface Signals {
  waits: {
    name: string;
    flow: string;
    version: number | null;
    executions: number;
    lines: number[];
    oldest: string;
    createdAt: string;
    until: string | null;
  }[];
  kept: {
    id: string;
    executionId: string;
    flow: string;
    status: Status;
    name: string;
    payload: Json;
    sentAt: string;
  }[];
  asks: {
    id: string;
    executionId: string;
    target: string;
    name: string;
    payload: Json;
    status: "open" | "answered" | "rejected" | "unanswered";
    taken: boolean;
    answer: Json;
    error: { type: string; message: string } | null;
    askedAt: string;
    answeredAt: string | null;
  }[];
}

/** What `rhythm doctor` found. */
export interface Finding {
  check: string;
  state: "ok" | "warning" | "problem" | "skipped";
  message: string;
  fix?: string;
}

/** Workflows of a migration that stand at the same place. */
export interface Place {
  version: number;
  lines: number[];
  sources: (string | null)[];
  toLines: (number | null)[];
  toSources: (string | null)[];
  how: "sure" | "likely" | "none" | null;
  why: string | null;
  result: "done" | "would" | "refused" | null;
  executions: number;
  example: string;
}

/** A token. */
export interface Token {
  id: number;
  name: string;
  role: Role;
  metadataOnly: boolean;
  createdAt: string;
  createdBy: string;
  expiresAt: string | null;
  revokedAt: string | null;
  usedAt: string | null;
}

/** Something that a person did. */
export interface AuditEntry {
  id: number;
  at: string;
  by: string | null;
  role: string;
  act: string;
  kind: string;
  target: string | null;
  why: string | null;
  before: Json;
  after: Json;
}
