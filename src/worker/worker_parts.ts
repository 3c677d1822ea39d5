import type { AnyTask, Logger, Telemetry } from "../define/mod.ts";
import type { CodeRuntime } from "./code_crew.ts";
import type { Engine } from "./engine.ts";
import type { WorkerObserver } from "./events.ts";
import type { FlowRuntime } from "./flow_crew.ts";

/** What a worker is made of. */
export interface WorkerParts {
  /** The engine it works for. */
  readonly engine: Engine;
  /** The language that its workflows are written in. */
  readonly runtime: FlowRuntime;
  /** The code-first workflows it can run. */
  readonly code?: CodeRuntime;
  /** The clock of flows, in milliseconds. Default: the host's. */
  readonly now?: () => number;
  /** The tasks it can run. */
  readonly tasks: readonly AnyTask[];
  /** Where it logs. */
  readonly logger: Logger;
  /** How many executions it has in hand at most. */
  readonly concurrency: number;
  /** How many transactional tasks run at once. */
  readonly transactions: number;
  /** How long it may be silent before its leases are given to others. */
  readonly leaseMs: number;
  /** How long running handlers may take to finish at shutdown. */
  readonly graceMs: number;
  /** The longest pause between two looks for work when nothing is heard. */
  readonly pollMs: number;
  /** The most bytes of an output. */
  readonly maxOutputBytes: number;
  /** How long a task may wait for a worker that has a handler for it before that is said. */
  readonly patienceMs?: number;
  /** Tracing, if somebody collects it. */
  readonly telemetry?: Telemetry;
  /** Hears what happens. */
  readonly observer?: WorkerObserver;
}
