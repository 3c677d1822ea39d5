import { z } from "zod";

/** Any JSON. */
export const anyJson = z.unknown().describe("any JSON value");

const time = z.union([z.date(), z.string()]).meta({ type: "string", format: "date-time" });

/** An error as it is stored. */
export const executionError = z.looseObject({
  type: z.string(),
  message: z.string(),
  code: z.string().optional(),
}).describe("why an execution failed");

/** An execution. */
export const execution = z.object({
  id: z.string(),
  type: z.enum(["task", "workflow"]),
  targetName: z.string(),
  status: z.enum(["pending", "running", "suspended", "completed", "failed", "cancelled"]),
  queue: z.string(),
  priority: z.number(),
  inputs: anyJson,
  output: anyJson,
  error: executionError.nullable(),
  attempt: z.number(),
  maxAttempts: z.number(),
  metadata: z.record(z.string(), z.unknown()),
  progress: anyJson,
  parentId: z.string().nullable(),
  createdAt: time,
  runAt: time.nullable(),
  startedAt: time.nullable(),
  completedAt: time.nullable(),
});

/** A page of executions. */
export const executionPage = z.object({
  executions: z.array(execution),
  cursor: z.string().nullable().describe("where the next page begins; null: there is none"),
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

/** Rows of a view. */
export const viewRows = z.array(z.record(z.string(), z.unknown()));

/** That it was done. */
export const done = z.object({ ok: z.literal(true) });

const duration = z.union([z.number().nonnegative(), z.string()]).describe(
  'seconds, or a duration such as "1h30m"',
);

/** A retry policy. */
export const retryPolicy = z.strictObject({
  maxAttempts: z.int().min(1).optional(),
  backoff: z.enum(["exponential", "linear", "fixed"]).optional(),
  initial: duration.optional(),
  max: duration.optional(),
  factor: z.number().optional(),
  jitter: z.number().optional(),
});

/** What a start can say. */
export const startOptions = z.strictObject({
  queue: z.string().optional(),
  priority: z.int().optional(),
  delay: duration.optional(),
  runAt: z.string().optional(),
  timeout: duration.optional(),
  retry: retryPolicy.optional(),
  idempotencyKey: z.string().optional(),
  idempotencyTtl: duration.optional(),
  concurrencyKey: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  parent: z.string().optional(),
});
