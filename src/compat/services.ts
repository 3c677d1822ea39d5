import {
  type ExecutionFilter,
  ExecutionNotFoundError,
  InvalidIdError,
  type Rhythm,
  type WaitOptions,
} from "../../mod.ts";
import {
  ANY_TEXT,
  ANYTHING,
  type ArgumentType,
  checkArgument,
  checkShape,
  COUNT,
  EXECUTION,
  EXECUTION_TYPE,
  MOMENT,
  NAME,
  type Shape,
} from "../shared/arguments.ts";
import { LIST_LIMIT } from "../shared/limits.ts";
import {
  type Execution,
  type ExecutionFilters,
  ExecutionStatus,
  type ExecutionType,
  toExecution,
} from "./models.ts";

/** One execution to create. */
export interface ExecutionRequest {
  /** A task or a workflow. */
  execType: ExecutionType;
  /** The name of the task or workflow. */
  targetName: string;
  /** The queue to wait in. Default: that of the task or workflow, else `default`. */
  queue?: string;
  /** What it is started with. */
  inputs?: unknown;
  /** The workflow that it belongs to: cancelled with it, shown under it. */
  parentWorkflowId?: string;
}

/** One signal to send. */
export interface SignalRequest {
  /** The workflow. */
  workflowId: string;
  /** The name that the workflow waits for. */
  signalName: string;
  /** What it carries. */
  payload?: unknown;
  /** Accepted as in Python. A signal goes to its workflow, whichever queue that is in. */
  queue?: string;
}

const REQUEST: Shape = {
  execType: EXECUTION_TYPE,
  targetName: NAME,
  queue: NAME,
  inputs: ANYTHING,
  parentWorkflowId: EXECUTION,
};
const SIGNAL: Shape = { workflowId: ANY_TEXT, signalName: NAME, payload: ANYTHING, queue: NAME };
const OFFSET: ArgumentType = { kind: "number", from: 0, to: Number.MAX_SAFE_INTEGER, whole: true };
const FILTERS: Shape = {
  targetName: NAME,
  status: { kind: "choice", values: Object.values(ExecutionStatus) },
  parentWorkflowId: EXECUTION,
  queue: NAME,
  limit: COUNT,
  offset: OFFSET,
};

/** The most executions that one page has. */
const PAGE = 1_000;

/** Creates, reads, lists and cancels executions: `app.executionService`. */
export class ExecutionService {
  readonly #rhythm: Rhythm;

  /**
   * Made by `init()`.
   *
   * @param rhythm the application
   */
  constructor(rhythm: Rhythm) {
    this.#rhythm = rhythm;
  }

  /**
   * Creates an execution; a worker runs it as soon as one is free.
   *
   * @param request what to run, where, and with what
   * @returns its id
   */
  async createExecution(request: ExecutionRequest): Promise<string> {
    return await create(this.#rhythm, request, { where: "createExecution()" });
  }

  /** Reads an execution; null if there is none, whatever the id looks like. */
  async getExecution(executionId: string): Promise<Execution | null> {
    checkId(executionId, "executionId", "getExecution()");
    const found = await unlessUnknown(() => this.#rhythm.executions.get(executionId), null);
    return found === null ? null : toExecution(found);
  }

  /**
   * Lists executions, newest first.
   *
   * @param filters which ones
   */
  async queryExecutions(filters: ExecutionFilters = {}): Promise<Execution[]> {
    checkShape(filters, FILTERS, { where: "queryExecutions()", argument: "filters" });
    const { targetName: target, parentWorkflowId: parent, status, queue, limit = LIST_LIMIT, offset = 0 } =
      filters;
    const last = offset + limit;
    const found: Execution[] = [];
    let next: string | undefined;
    do {
      const left = Math.min(last - found.length, PAGE);
      const filter: ExecutionFilter = { target, parent, status, queue, limit: left, cursor: next };
      const { executions, cursor } = await this.#rhythm.executions.query(filter);
      found.push(...executions.map(toExecution));
      next = cursor ?? undefined;
    } while (next !== undefined && found.length < last);
    return found.slice(offset);
  }

  /** Cancels an execution and its children; false if it is over already, or there is none. */
  async cancelExecution(executionId: string): Promise<boolean> {
    checkId(executionId, "executionId", "cancelExecution()");
    return await unlessUnknown(() => this.#rhythm.executions.cancel(executionId), false);
  }

  /**
   * Waits for the end, and gives the execution in its final state, whichever that is.
   *
   * @param executionId the execution
   * @param options how long to wait
   * @throws {ExecutionNotFoundError} there is none
   * @throws {WaitTimeoutError} the time is over; the execution goes on
   */
  async waitForExecution(executionId: string, options: WaitOptions): Promise<Execution> {
    checkId(executionId, "executionId", "waitForExecution()");
    const ended = await unlessUnknown(() => this.#rhythm.executions.wait(executionId, options), null);
    if (ended === null) throw ExecutionNotFoundError.of(executionId);
    return toExecution(ended);
  }
}

/** Creates executions for later: `app.schedulerService`. */
export class SchedulerService {
  readonly #rhythm: Rhythm;

  /**
   * Made by `init()`.
   *
   * @param rhythm the application
   */
  constructor(rhythm: Rhythm) {
    this.#rhythm = rhythm;
  }

  /**
   * Creates an execution that does not run before a moment.
   *
   * @param request what to run, and when
   * @returns its id
   */
  async scheduleExecution(request: ExecutionRequest & { runAt: Date | string }): Promise<string> {
    return await create(this.#rhythm, request, { where: "scheduleExecution()", also: { runAt: MOMENT } });
  }
}

/** Sends signals: `app.signalService`. */
export class SignalService {
  readonly #rhythm: Rhythm;

  /**
   * Made by `init()`.
   *
   * @param rhythm the application
   */
  constructor(rhythm: Rhythm) {
    this.#rhythm = rhythm;
  }

  /**
   * Sends a signal to a workflow. It is kept until the workflow takes it.
   *
   * @param request whom, under which name, with what
   * @throws {ExecutionNotFoundError} there is no such workflow
   */
  async sendSignal(request: SignalRequest): Promise<void> {
    const where = "sendSignal()";
    checkShape(request, SIGNAL, { where, argument: "request", required: ["workflowId", "signalName"] });
    const { workflowId, signalName: name, payload } = request;
    const sent = await unlessUnknown(async () => {
      await this.#rhythm.signals.send({ execution: workflowId, name, payload });
      return true;
    }, false);
    if (!sent) throw ExecutionNotFoundError.of(workflowId);
  }
}

async function create(
  rhythm: Rhythm,
  request: ExecutionRequest & { runAt?: Date | string },
  about: { where: string; also?: Shape },
): Promise<string> {
  const { where, also = {} } = about;
  const required = ["execType", "targetName", ...Object.keys(also)];
  checkShape(request, { ...REQUEST, ...also }, { where, argument: "request", required });
  const { execType: type, targetName: target, inputs, queue, parentWorkflowId: parent, runAt } = request;
  return (await rhythm.executions.create({ type, target, inputs, queue, parent, runAt })).id;
}

function checkId(id: unknown, argument: string, where: string): void {
  checkArgument(id, { argument, type: ANY_TEXT, where });
}

// What is not a UUID is the id of nothing.
async function unlessUnknown<Found, None>(call: () => Promise<Found>, none: None): Promise<Found | None> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof InvalidIdError || error instanceof ExecutionNotFoundError) return none;
    throw error;
  }
}
