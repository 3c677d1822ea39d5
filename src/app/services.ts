import type { ClientCore } from "../client/core.ts";
import { Executions } from "../client/executions.ts";
import { Failures } from "../client/failures.ts";
import { Flows } from "../client/flows.ts";
import { Gates } from "../client/gates.ts";
import { Operations } from "../client/operations.ts";
import { pause, resume } from "../client/pauses.ts";
import { Queues } from "../client/queues.ts";
import { Schedules } from "../client/schedules.ts";
import { Signals } from "../client/signals.ts";
import { Tasks } from "../client/tasks.ts";
import { Tokens } from "../client/tokens.ts";
import { Workers } from "../client/workers.ts";
import { Workflows } from "../client/workflows.ts";
import type { PauseOptions, TaskDefinition } from "../define/mod.ts";

/** Everything one does with executions, under one name: see {@linkcode Rhythm.as}. */
export interface Services {
  /** Start workflows. */
  readonly workflows: Workflows;
  /** Queue tasks. */
  readonly tasks: Tasks;
  /** Create, read, list, wait for, cancel and retry executions. */
  readonly executions: Executions;
  /** Send signals. */
  readonly signals: Signals;
  /** Create and steer schedules. */
  readonly schedules: Schedules;
  /** Pause, resume and limit queues. */
  readonly queues: Queues;
  /** Cancel, retry, signal, pause or resume many executions at once. */
  readonly operations: Operations;
  /** Failures by their kind. */
  readonly failures: Failures;
  /** Where executions stop until somebody lets them on. */
  readonly gates: Gates;
  /** Register, list and check flows. */
  readonly flows: Flows;
  /** Make and revoke tokens. */
  readonly tokens: Tokens;
  /** See and drain workers. */
  readonly workers: Workers;
  /** Pauses everything. */
  pause(options?: PauseOptions): Promise<boolean>;
  /** Ends the pause of everything. */
  resume(): Promise<boolean>;
}

/** The services over a core. */
export function servicesOf(core: ClientCore, known: ReadonlyMap<string, TaskDefinition>): Services {
  return {
    workflows: new Workflows(core),
    tasks: new Tasks(core, known),
    executions: new Executions(core),
    signals: new Signals(core),
    schedules: new Schedules(core),
    queues: new Queues(core),
    operations: new Operations(core),
    failures: new Failures(core),
    gates: new Gates(core),
    flows: new Flows(core),
    tokens: new Tokens(core),
    workers: new Workers(core),
    pause: (options = {}) => pause(core, { kind: "everything" }, options, "rhythm.pause()"),
    resume: () => resume(core, { kind: "everything" }),
  };
}
