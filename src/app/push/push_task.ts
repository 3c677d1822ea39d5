import {
  checkArgument,
  checkOptions,
  InvalidOptionError,
  NAME,
  NonRetryableError,
  STORED_TEXT,
  type Task,
  task,
  type TaskContext,
  type TaskOptions,
} from "../../define/mod.ts";
import { systemClock } from "../../runtime/clock.ts";
import { durationMs } from "../../shared/duration.ts";
import { IsolatedError } from "../../worker/tasks/isolate/run.ts";
import { MOST_BYTES, type PushAnswer, type PushRequest, signatureOf, textWithin } from "./message.ts";

/** A task whose handler is somewhere else. */
export interface PushOptions extends Omit<TaskOptions, "transactional" | "isolate" | "batch"> {
  /** Its name, there, too. */
  name: string;
  /** Where `serveTasks()` answers. */
  url: string;
  /** What both sides know: at least 16 characters. */
  secret: string;
}

/**
 * A task that a worker runs by calling an address, so that its handler can live in a function that exists only while it works.
 *
 * The worker holds the lease and calls once for each attempt. If the execution is cancelled, or takes longer than its timeout, the
 * request is given up. What the function throws is what the execution fails with. Anything else that goes wrong on the way is an
 * error that the retry policy repeats.
 *
 * @param options the name, the address, the secret, and the defaults of the task
 * @returns a task for a worker, and for `.queue()`
 *
 * @example A worker that calls a function
 * ```ts
 * import { pushTask } from "@rhythm/core";
 *
 * const resize = pushTask<{ image: string }, { bytes: number }>({
 *   name: "resize",
 *   url: "https://functions.example.com/tasks",
 *   secret: "a secret of 16 or more characters",
 *   timeout: "1m",
 *   retry: 5,
 * });
 * ```
 */
export function pushTask<Input, Output>(options: PushOptions): Task<Input, Output> {
  const where = "pushTask()";
  checkOptions(options, {
    in: "defaults",
    where,
    also: { name: NAME, url: STORED_TEXT, secret: STORED_TEXT },
  });
  const { url, secret, ...own } = options;
  checkArgument(own.name, { argument: "name", type: NAME, where });
  if (typeof secret !== "string" || secret.length < SHORTEST_SECRET) {
    throw new InvalidOptionError(
      "secret",
      `${where}: "secret" must have at least ${SHORTEST_SECRET} characters`,
    );
  }
  if (typeof url !== "string" || !/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new InvalidOptionError("url", `${where}: "url" must be https://… or http://…`);
  }
  const timeoutMs = own.timeout === undefined ? null : durationMs(own.timeout);
  const handler = async (inputs: Input, ctx: TaskContext): Promise<Output> => {
    const { taskName, executionId, attempt, metadata, lastCheckpoint } = ctx;
    const request: PushRequest = {
      ...{ v: 1, task: taskName, executionId, attempt, metadata, lastCheckpoint, inputs, timeoutMs },
    };
    const id = `${executionId}.${attempt}`;
    const timestamp = String(Math.floor(systemClock.now() / 1000));
    const body = JSON.stringify(request);
    const answer = await call(url, {
      method: "POST",
      redirect: "manual",
      body,
      signal: ctx.signal,
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signatureOf(secret, { id, timestamp, body }),
      },
    });
    for (const { level, message, data } of answer.logs) ctx.log[level](message, data);
    if (answer.progress !== undefined) ctx.progress(answer.progress);
    if (answer.status === "completed") return answer.output as Output;
    if (answer.checkpoint !== undefined) await ctx.checkpoint(answer.checkpoint);
    throw new IsolatedError(answer.error, answer.retryable);
  };
  return task<Input, Promise<Output>>(
    own as TaskOptions & { input?: undefined; transactional?: false; batch?: undefined },
    handler,
  );
}

async function call(url: string, request: RequestInit): Promise<PushAnswer> {
  const { host } = new URL(url);
  let response: Response;
  let text: string | undefined;
  try {
    response = await fetch(url, request);
    text = await textWithin(response, MOST_BYTES);
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    // The message of fetch has the whole address, which may contain a secret.
    throw new Error(`${host} cannot be reached, or the connection was lost`);
  }
  if (text === undefined) throw new NonRetryableError(`${host} answered with more than ${MOST_BYTES} bytes`);
  if (response.status === 413) throw new NonRetryableError(`${host} does not take inputs of this size`);
  if (response.status !== 200) throw new Error(`${host} answered ${response.status}: ${text.slice(0, 200)}`);
  const answer = readAnswer(text);
  if (answer === undefined) throw new Error(`${host} answered with something else than serveTasks()`);
  return answer;
}

function readAnswer(text: string): PushAnswer | undefined {
  try {
    const answer = JSON.parse(text) as PushAnswer;
    const isOver = answer.status === "completed" ||
      answer.status === "failed" && typeof answer.error?.message === "string";
    return isOver && Array.isArray(answer.logs) ? answer : undefined;
  } catch {
    return undefined;
  }
}

const SHORTEST_SECRET = 16;
