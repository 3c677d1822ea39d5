// What runs inside the Web Worker of an isolated handler: one run, then the worker is ended from outside.
import {
  collectDeclarations,
  parseInput,
  type TaskContext,
  type TaskLog,
  type TransactionalContext,
} from "../../../define/mod.ts";
import { failureOf } from "../../../define/failure.ts";
import type { FromIsolate, ToIsolate } from "./protocol.ts";

const port = globalThis as unknown as {
  postMessage(message: FromIsolate): void;
  onmessage: ((event: MessageEvent<ToIsolate>) => void) | null;
};
const controller = new AbortController();
const declared = collectDeclarations();

port.onmessage = ({ data: message }) => {
  if (message.type === "abort") controller.abort(new DOMException(message.reason, "AbortError"));
  else if (message.type === "stored") stored(message);
  else run(message).then((answer) => port.postMessage(answer));
};

const storing: { resolve: () => void; reject: (error: Error) => void }[] = [];

function stored({ nth, problem }: ToIsolate & { type: "stored" }): void {
  if (problem === undefined) storing[nth]!.resolve();
  else storing[nth]!.reject(controller.signal.reason ?? new Error(problem));
}

async function run(message: ToIsolate & { type: "run" }): Promise<FromIsolate> {
  try {
    await import(message.module);
    const definition = declared.get(message.task);
    if (definition === undefined) {
      throw new Error(`The module ${message.module} declares no task "${message.task}"`);
    }
    const input = await parseInput(definition, message.input);
    const output = await definition.handler(input, contextOf(message) as TransactionalContext);
    return { type: "done", output: JSON.stringify(output) };
  } catch (error) {
    return { type: "failed", ...failureOf(error) };
  }
}

function contextOf(message: ToIsolate & { type: "run" }): TaskContext {
  const log = (level: keyof TaskLog) => (text: string, data?: unknown): void => {
    port.postMessage({
      type: "log",
      level,
      message: text,
      ...(data === undefined ? {} : { data: JSON.stringify(data) }),
    });
  };
  return {
    executionId: message.executionId,
    taskName: message.task,
    attempt: message.attempt,
    metadata: message.metadata,
    signal: controller.signal,
    log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    progress: (value) => port.postMessage({ type: "progress", value: JSON.stringify(value) ?? "null" }),
    checkpoint: (value) =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(value) ?? "null";
        const nth = storing.push({ resolve, reject }) - 1;
        port.postMessage({ type: "checkpoint", nth, value: text });
      }),
    lastCheckpoint: message.lastCheckpoint,
    heartbeat: () => Promise.resolve(controller.signal.throwIfAborted()),
  };
}
