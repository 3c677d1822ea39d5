import { defaultApp } from "../app/default_app.ts";
import { run } from "../../mod.ts";
import { checkArgument, DURATION, DURATION_ABOVE_ZERO, NAME } from "../shared/arguments.ts";
import type { Duration } from "../shared/duration.ts";
import { Application } from "./init.ts";
import type { Execution, ExecutionStatus, ExecutionType } from "./models.ts";
import type { SignalRequest } from "./services.ts";

/** The application that `init()` made last. */
function application(what: string): Application {
  return new Application(defaultApp(what));
}

/**
 * Queues a task.
 *
 * @param name the task
 * @param inputs what its handler gets
 * @param queue the queue. Default: the task's own, else `default`
 * @returns the execution's id
 */
export async function queueTask(name: string, inputs: unknown = {}, queue?: string): Promise<string> {
  return await start("task", { name, inputs, queue, where: "queueTask()" });
}

/**
 * Starts a workflow.
 *
 * @param name the workflow
 * @param inputs what it is started with
 * @param queue the queue. Default: the flow's own, else `default`
 * @returns the execution's id
 */
export async function queueWorkflow(name: string, inputs: unknown = {}, queue?: string): Promise<string> {
  return await start("workflow", { name, inputs, queue, where: "queueWorkflow()" });
}

/**
 * Starts a workflow.
 *
 * @param workflowName the workflow
 * @param inputs what it is started with
 * @returns the execution's id
 */
export async function startWorkflow(workflowName: string, inputs: unknown = {}): Promise<string> {
  checkArgument(workflowName, { argument: "workflowName", type: NAME, where: "startWorkflow()" });
  return await start("workflow", { name: workflowName, inputs, where: "startWorkflow()" });
}

/**
 * Creates an execution of either type.
 *
 * @param execType `task` or `workflow`
 * @param targetName the task or workflow
 * @param inputs what it is started with
 * @param queue the queue
 * @param parentWorkflowId the workflow that it belongs to
 * @returns the execution's id
 */
export async function queueExecution(
  execType: ExecutionType,
  targetName: string,
  inputs: unknown = {},
  queue?: string,
  parentWorkflowId?: string,
): Promise<string> {
  const { executionService } = application("queueExecution()");
  return await executionService.createExecution({ execType, targetName, inputs, queue, parentWorkflowId });
}

/** Reads an execution; null if there is none, whatever the id looks like. */
export async function getExecution(executionId: string): Promise<Execution | null> {
  return await application("getExecution()").executionService.getExecution(executionId);
}

/**
 * Lists executions, newest first.
 *
 * @param queue only of this queue
 * @param status only with this status
 * @param limit how many at most
 * @param offset how many to leave out first; they are read, so `rhythm.executions.query()` with its cursor is faster
 */
export async function listExecutions(
  queue?: string,
  status?: ExecutionStatus,
  limit?: number,
  offset?: number,
): Promise<Execution[]> {
  const { executionService } = application("listExecutions()");
  return await executionService.queryExecutions({ queue, status, limit, offset });
}

/** Cancels an execution and its children; false if it is over already, or there is none. */
export async function cancelExecution(executionId: string): Promise<boolean> {
  return await application("cancelExecution()").executionService.cancelExecution(executionId);
}

/**
 * Waits for the end, and gives the execution in its final state, whichever that is.
 *
 * @param executionId the execution
 * @param timeout how long to wait: seconds. Default: 60
 * @param pollInterval accepted as in Python; the database tells when the execution ends, so nothing polls
 * @throws {ExecutionNotFoundError} there is none
 * @throws {WaitTimeoutError} the time is over; the execution goes on
 */
export async function waitForExecution(
  executionId: string,
  timeout: Duration = 60,
  pollInterval: Duration = 0.5,
): Promise<Execution> {
  const where = "waitForExecution()";
  checkArgument(timeout, { argument: "timeout", type: DURATION, where });
  checkArgument(pollInterval, { argument: "pollInterval", type: DURATION_ABOVE_ZERO, where });
  return await application(where).executionService.waitForExecution(executionId, { timeout });
}

/** The client of the Python SDK: what it starts it does not wait for. */
export interface Client {
  /** Starts workflows. */
  readonly workflows: {
    /** Starts a workflow and gives its id. It does not wait for the end, as `rhythm.workflows.run()` does. */
    run(name: string, inputs?: unknown, queue?: string): Promise<string>;
  };
  /** Queues tasks. */
  readonly tasks: {
    /** Queues a task and gives its id. It does not wait for the end, as `rhythm.tasks.run()` does. */
    run(name: string, inputs?: unknown, queue?: string): Promise<string>;
  };
  /** Sends signals. */
  readonly signals: {
    /** Sends a signal to a workflow. */
    send(request: SignalRequest): Promise<void>;
  };
}

/** Starts workflows, queues tasks and sends signals, in the application that `init()` made last. */
export const client: Client = {
  workflows: { run: queueWorkflow },
  tasks: { run: queueTask },
  signals: {
    send: async (request: SignalRequest): Promise<void> => {
      await application("client.signals.send()").signalService.sendSignal(request);
    },
  },
};

/**
 * A worker of one queue, in the application that `init()` made last.
 *
 * @example The worker of the Python SDK
 * ```ts
 * import { init, Worker } from "@rhythm/core/compat";
 *
 * async function main(): Promise<void> {
 *   await init("postgresql://rhythm@localhost/rhythm");
 *   await new Worker("default").run();
 * }
 * ```
 */
export class Worker {
  /** The queue that it serves. */
  readonly queue: string;

  /**
   * Says which queue; nothing is begun yet.
   *
   * @param queue the queue
   */
  constructor(queue = "default") {
    checkArgument(queue, { argument: "queue", type: NAME, where: "new Worker()" });
    this.queue = queue;
  }

  /** Works until SIGINT or SIGTERM, then finishes what it began and closes the application. */
  async run(): Promise<void> {
    await run({ queues: [this.queue] });
  }
}

async function start(
  execType: ExecutionType,
  given: { name: string; inputs: unknown; queue?: string; where: string },
): Promise<string> {
  const { name, inputs, queue, where } = given;
  checkArgument(name, { argument: "name", type: NAME, where });
  if (queue !== undefined) checkArgument(queue, { argument: "queue", type: NAME, where });
  const { executionService } = application(where);
  return await executionService.createExecution({ execType, targetName: name, inputs, queue });
}
