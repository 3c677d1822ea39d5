/**
 * The limits and defaults that SQL and TypeScript both know. SQL enforces them; TypeScript says so earlier.
 * `tests/shared/limits_test.ts` asks the database for its own, and reads the docs.
 *
 * @module
 */

/** The longest name of a task, flow, queue, signal, schedule or worker, in characters. */
export const NAME_LENGTH = 200;

/** The longest idempotency key or concurrency key, in characters. */
export const KEY_LENGTH = 500;

/** The largest metadata of an execution, in bytes of JSON. */
export const METADATA_BYTES = 65_536;

/** The largest inputs, output, payload or snapshot in bytes of JSON, unless the setting `max_payload_bytes` says otherwise. */
export const PAYLOAD_BYTES = 1_048_576;

/** A hundred years, the longest duration: longer ones are mistakes, and overflow dates. */
export const LONGEST_DURATION_MS = 3_162_240_000_000;

/** The upper bounds, in milliseconds, by which durations are counted for the view `rates`. */
export const TOOK_BOUNDS_MS: readonly number[] = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1_000,
  2_000,
  5_000,
  10_000,
  30_000,
  60_000,
  300_000,
  1_800_000,
  3_600_000,
  21_600_000,
  86_400_000,
];

/** The lowest and the highest priority. */
export const PRIORITIES = { from: -32_768, to: 32_767 } as const;

/** The most attempts that a retry policy can allow. */
export const MOST_ATTEMPTS = 9_999;

/** How many attempts may throw where no retry policy says so, of tasks, flows, code and steps: one that threw is not repeated. */
export const DEFAULT_ATTEMPTS = 1;

/** How often an execution is repeated after an attempt was lost with its worker, unless its policy or the setting says otherwise. */
export const DEFAULT_CRASHES = 3;

/** How the pause between two attempts grows where a retry policy does not say so. */
export const DEFAULT_BACKOFF = {
  backoff: "exponential",
  initialMs: 1_000,
  maxMs: 3_600_000,
  factor: 2,
  jitter: 0.1,
} as const;

/** What `jitter: true` and `jitter: false` stand for. */
export const JITTER = { true: 0.5, false: 0 } as const;

/** The moments that the database keeps: the years 1 to 9999. */
export const MOMENTS = { from: "0001-01-01T00:00:00Z", to: "9999-12-31T00:00:00Z" } as const;

/** How long a worker may be silent before its work is given to others, unless it says otherwise. */
export const LEASE_MS = 15_000;

/** The defaults of a worker. */
export const WORKER_DEFAULTS = {
  concurrency: 100,
  transactionalConcurrency: 5,
  graceMs: 30_000,
  hostname: "127.0.0.1",
} as const;

/** How many connections the client calls of an application use at once, unless it says otherwise. */
export const POOL_SIZE = 5;

/** How many executions a list has at most, unless its caller says otherwise. */
export const LIST_LIMIT = 100;

/** How much longer than until it is due a timer is left to the worker that keeps it in memory. */
export const KEPT_TIMER_MS = 250;

/** The settings of an installation and what they are at first, as text. */
export const SETTINGS = {
  max_payload_bytes: String(PAYLOAD_BYTES),
  retention: "30 days",
  max_crashes: String(DEFAULT_CRASHES),
  cancel_grace: "1 minute",
  hook_interval: "1 minute",
  audit_retention: "400 days",
} as const;
