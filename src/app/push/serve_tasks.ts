import {
  type AnyTask,
  ARRAY,
  checkShape,
  InvalidOptionError,
  isTask,
  parseInput,
  type Shape,
  type TaskContext,
  type TaskDefinition,
} from "../../define/mod.ts";
import { failureOf } from "../../define/failure.ts";
import { systemClock } from "../../runtime/clock.ts";
import { type JsonValue, toJson } from "../../shared/json.ts";
import { PAYLOAD_BYTES } from "../../shared/limits.ts";
import {
  isSigned,
  MOST_BYTES,
  type PushAnswer,
  type PushedLine,
  type PushRequest,
  textWithin,
} from "./message.ts";

const SERVE: Shape = {
  tasks: ARRAY,
  secret: {
    kind: "own",
    wanted: "one or more texts of at least 16 characters",
    fits: (value) => {
      const all = Array.isArray(value) ? value : [value];
      return all.length > 0 && all.every((one) => typeof one === "string" && one.length >= 16);
    },
  },
};

/** Tasks that are served over HTTP. */
export interface ServeTasksOptions {
  /** The tasks. */
  tasks: readonly AnyTask[];
  /** What both sides know; several while one takes the place of another. */
  secret: string | readonly string[];
}

/**
 * Serves tasks over HTTP, for workers that have them as `pushTask()`. It needs no database, so it fits into a function that exists only
 * while it works.
 *
 * A request is refused unless it is signed with the secret and less than five minutes old. A handler gets a context as in a worker:
 * its signal fires at the timeout and when the worker gives up. Lines of `ctx.log`, the last progress and the last checkpoint go back
 * with the answer.
 *
 * @param options the tasks, and the secret
 * @returns what answers a request
 *
 * @example A function
 * ```ts
 * import { serveTasks, task } from "@rhythm/core";
 *
 * const resize = task({ name: "resize" }, ({ image }: { image: string }) => ({ bytes: image.length }));
 * const answer = serveTasks({ tasks: [resize], secret: "a secret of 16 or more characters" });
 * export default { fetch: (request: Request): Promise<Response> => answer(request) };
 * ```
 */
export function serveTasks(options: ServeTasksOptions): (request: Request) => Promise<Response> {
  const where = "serveTasks()";
  checkShape(options, SERVE, { where, required: ["tasks", "secret"] });
  const { tasks, secret } = options;
  const secrets = typeof secret === "string" ? [secret] : secret;
  const served = new Map(tasks.map((one) => [one.name, servable(one)]));
  return async (request) => {
    if (request.method !== "POST") return refused(405, "Only POST is answered");
    const body = await textWithin(request, MOST_BYTES);
    if (body === undefined) return refused(413, `A request has at most ${MOST_BYTES} bytes`);
    const header = (name: string): string => request.headers.get(`webhook-${name}`) ?? "";
    const message = { id: header("id"), timestamp: header("timestamp"), body };
    const ageMs = Math.abs(systemClock.now() - Number(message.timestamp) * 1000);
    if (!(ageMs < OLDEST_MS) || !isSigned(header("signature"), secrets, message)) {
      return refused(401, "The signature is wrong, or the request is old");
    }
    const asked = readRequest(body);
    if (asked === undefined || message.id !== `${asked.executionId}.${asked.attempt}`) {
      return refused(400, "This is not a request of pushTask()");
    }
    const definition = served.get(asked.task);
    if (definition === undefined) return refused(404, `There is no task "${asked.task}" here`);
    return Response.json(await run(definition, asked, request.signal));
  };
}

function servable(given: AnyTask): TaskDefinition {
  if (!isTask(given)) {
    throw new InvalidOptionError("tasks", 'serveTasks(): "tasks" must be tasks made by task()');
  }
  const { definition } = given;
  for (const option of ["transactional", "isolate", "batch"] as const) {
    if (definition.options[option]) {
      throw new InvalidOptionError(
        "tasks",
        `serveTasks(): task "${given.name}" has the option "${option}", for which it needs a worker`,
      );
    }
  }
  return definition;
}

async function run(
  definition: TaskDefinition,
  asked: PushRequest,
  given: AbortSignal,
): Promise<PushAnswer> {
  const stop = new AbortController();
  const late = new Error(
    `Task "${asked.task}" took longer than its timeout of ${(asked.timeoutMs ?? 0) / 1000} s`,
  );
  const cancel = asked.timeoutMs === null
    ? undefined
    : systemClock.after(asked.timeoutMs, () => stop.abort(late));
  const signal = AbortSignal.any([given, stop.signal]);
  const logs: PushedLine[] = [];
  const left: { progress?: unknown; checkpoint?: unknown } = {};
  const line = (level: PushedLine["level"]) => (message: string, data?: unknown): void => {
    if (logs.length < MOST_LINES) logs.push({ level, message, ...(data === undefined ? {} : { data }) });
  };
  const ctx: TaskContext = {
    executionId: asked.executionId,
    taskName: asked.task,
    attempt: asked.attempt,
    metadata: asked.metadata,
    lastCheckpoint: asked.lastCheckpoint,
    signal,
    log: { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") },
    progress: (value) => void (left.progress = value),
    checkpoint: (value) => {
      signal.throwIfAborted();
      left.checkpoint = value;
      return Promise.resolve();
    },
    heartbeat: () => Promise.resolve(signal.throwIfAborted()),
  };
  try {
    const stopped = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true })
    );
    stopped.catch(() => {});
    const result = (async () =>
      definition.handler(await parseInput(definition, asked.inputs), ctx as never))();
    const output = await Promise.race([result, stopped]);
    const text = toJson(output ?? null, { what: `output of task "${asked.task}"`, maxBytes: PAYLOAD_BYTES });
    return { status: "completed", output: JSON.parse(text) as JsonValue, logs, ...left };
  } catch (thrown) {
    return { status: "failed", ...failureOf(thrown), logs, ...left };
  } finally {
    cancel?.();
  }
}

function readRequest(body: string): PushRequest | undefined {
  try {
    const asked = JSON.parse(body) as PushRequest;
    return asked.v === 1 && typeof asked.task === "string" && typeof asked.executionId === "string"
      ? asked
      : undefined;
  } catch {
    return undefined;
  }
}

function refused(status: number, message: string): Response {
  return Response.json({ error: message }, { status });
}

const OLDEST_MS = 5 * 60_000;

// More lines than these are dropped: an answer has its limit.
const MOST_LINES = 1_000;
