import type { ExecutionRequest } from "../client/executions.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import {
  checkArgument,
  checkPlain,
  describe,
  type Execution,
  type ExecutionFilter,
  type ExecutionRef,
  InvalidOptionError,
  MOMENT,
  type Reason,
  type Run,
  type StartOptions,
  TEXT,
  type WaitOptions,
} from "../define/mod.ts";
import type { AppWorker } from "./app_worker.ts";
import { defaultApp } from "./default_app.ts";
import type { InitOptions, WorkerOptions } from "./options.ts";
import { Rhythm } from "./rhythm.ts";

/**
 * Makes the application that the other functions of this module use.
 *
 * @param options where the database is, and what the application is made of
 * @returns the application
 */
export async function init(options?: InitOptions): Promise<Rhythm>;
/** Makes the application from the database's URL, and what else it is made of. */
export async function init(databaseUrl: string, options?: Omit<InitOptions, "databaseUrl">): Promise<Rhythm>;
export async function init(first: InitOptions | string = {}, second?: InitOptions): Promise<Rhythm> {
  if (second === undefined) {
    return await Rhythm.init(typeof first === "string" ? { databaseUrl: first } : first);
  }
  checkArgument(first, { argument: "databaseUrl", type: TEXT, where: "init()" });
  checkPlain(second, { argument: "options", where: "init()" });
  if (second.databaseUrl !== undefined) {
    throw new InvalidOptionError(
      "databaseUrl",
      `init(): "databaseUrl" must be given once, as the first argument, but "options" has it, too: ${
        describe(second.databaseUrl)
      }`,
    );
  }
  return await Rhythm.init({ ...second, databaseUrl: first as string });
}

/**
 * Queues a task by its name.
 *
 * @param name the task
 * @param inputs what its handler gets
 * @param options when, where and how it runs
 * @returns the execution: its `id`, and what one does with it
 */
export async function queueTask(
  name: string,
  inputs: unknown = {},
  options: StartOptions = {},
): Promise<Run> {
  return await defaultApp("queueTask()").tasks.queue(name, inputs, options);
}

/** Starts a workflow; the same as `startWorkflow`, under the name for those who think in queues. */
export async function queueWorkflow(
  name: string,
  inputs: unknown = {},
  options: StartOptions = {},
): Promise<Run> {
  return await defaultApp("queueWorkflow()").workflows.start(name, inputs, options);
}

/**
 * Starts a workflow.
 *
 * @param name the flow
 * @param inputs checked against the flow's schema
 * @param options when, where and how it runs
 * @returns the execution: its `id`, and what one does with it
 */
export async function startWorkflow(
  name: string,
  inputs: unknown = {},
  options: StartOptions = {},
): Promise<Run> {
  return await defaultApp("startWorkflow()").workflows.start(name, inputs, options);
}

/** Creates an execution of whichever type. */
export async function queueExecution(request: ExecutionRequest): Promise<Run> {
  return await defaultApp("queueExecution()").executions.create(request);
}

/** Creates an execution that may not run before a moment. */
export async function scheduleExecution(request: ExecutionRequest & { runAt: Date | string }): Promise<Run> {
  const where = "scheduleExecution()";
  const { executions } = defaultApp(where);
  checkPlain(request, { argument: "request", where });
  checkArgument(request.runAt, { argument: "runAt", type: MOMENT, where });
  return await executions.create(request);
}

/** Reads an execution; nothing if there is none. */
export async function getExecution(execution: ExecutionRef): Promise<Execution | null> {
  return await defaultApp("getExecution()").executions.get(execution);
}

/** Lists executions, newest first. For more than one page: `rhythm.executions.query()`. */
export async function listExecutions(filter: ExecutionFilter = {}): Promise<Execution[]> {
  return [...(await defaultApp("listExecutions()").executions.query(filter)).executions];
}

/** Cancels an execution and its children; false if it had ended already, or there is none. */
export async function cancelExecution(execution: ExecutionRef, reason?: string): Promise<boolean> {
  const { executions } = defaultApp("cancelExecution()");
  try {
    return await executions.cancel(execution, { reason });
  } catch (error) {
    if (error instanceof ExecutionNotFoundError) return false;
    throw error;
  }
}

/** Why an execution does not continue, or how it ended. */
export async function explainExecution(execution: ExecutionRef): Promise<Reason[]> {
  return await defaultApp("explainExecution()").executions.explain(execution);
}

/** Runs a failed or cancelled execution again. */
export async function retryExecution(execution: ExecutionRef): Promise<void> {
  await defaultApp("retryExecution()").executions.retry(execution);
}

/**
 * Waits until an execution has ended, and returns it in its final state.
 *
 * @param execution the execution
 * @param options how long; 60 seconds if nothing is said
 */
export async function waitForExecution(
  execution: ExecutionRef,
  options: WaitOptions = {},
): Promise<Execution> {
  const where = "waitForExecution()";
  const { executions } = defaultApp(where);
  checkPlain(options, { argument: "options", where });
  return await executions.wait(execution, { timeout: 60, ...options });
}

/** Sends a signal to a workflow. */
export async function sendSignal(execution: ExecutionRef, name: string, payload?: unknown): Promise<void> {
  await defaultApp("sendSignal()").signals.send({ execution, name, payload });
}

/**
 * Runs a worker of the default application until SIGINT or SIGTERM, then closes the application: a program whose
 * last line this is ends by itself.
 *
 * @param options which queues, how much at once
 */
export async function run(options: WorkerOptions = {}): Promise<void> {
  const app = defaultApp("run()");
  const worker: AppWorker = app.worker(options);
  try {
    await worker.run();
  } finally {
    await app.close();
  }
}
