import { directContext } from "../../define/direct_context.ts";
import { type AnyTask, parseInput, type RetryPolicy, retryPolicyOf } from "../../define/mod.ts";
import type { ErrorJson } from "../../flow/mod.ts";
import type { JsonValue } from "../../shared/json.ts";
import { toJson } from "../../shared/json.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { failureOf } from "../../define/failure.ts";
import { CliError } from "../cli_error.ts";

/** What is asked for: one attempt of a task, or a child workflow that has no file. */
export interface Asked {
  kind: "task" | "workflow";
  target: string;
  inputs: JsonValue;
  attempt: number;
  executionId: string;
  log: (level: string, message: string) => void;
}

/** How an attempt ended. */
export type Answer =
  & { retry?: RetryPolicy | undefined }
  & (
    | { status: "completed"; output: JsonValue }
    | { status: "failed"; error: ErrorJson; retryable: boolean }
  );

/** Where answers come from. */
export interface AnswerSources {
  /** Tasks made by `task()`. */
  readonly tasks: readonly AnyTask[];
  /** Functions by the names of tasks. */
  readonly functions: ReadonlyMap<string, (input: unknown) => unknown>;
  /** What a JSON file says. */
  readonly file: AnswerFile;
  /** Asks a person, where there is one. */
  readonly ask?: (question: string) => Promise<string | undefined>;
}

/** The form of a file with answers. */
export interface AnswerFile {
  /** What tasks give, by name: a value; `{ "$error": … }`; `{ "$each": [ … ] }`, one for each call. */
  tasks?: Record<string, JsonValue>;
  /** The same for child workflows. */
  workflows?: Record<string, JsonValue>;
  /** Signals that are there already, by name. */
  signals?: Record<string, JsonValue[]>;
}

/** Answers for tasks and signals: from a file, from code, or from the person at the terminal. */
export class Answers {
  readonly #sources: AnswerSources;
  readonly #calls = new Map<string, number>();
  readonly #asked = { task: new Set<string>(), workflow: new Set<string>() };

  /** @param sources where they come from */
  constructor(sources: AnswerSources) {
    this.#sources = sources;
  }

  /** Runs one attempt of a task. */
  async run(asked: Asked): Promise<Answer> {
    const { kind, target } = asked;
    this.#asked[kind].add(target);
    const listed = this.#sources.file[kind === "task" ? "tasks" : "workflows"] ?? {};
    if (Object.hasOwn(listed, target)) return this.#listed(listed[target]!, asked);
    const task = kind === "task" ? this.#sources.tasks.find((one) => one.name === target) : undefined;
    if (task !== undefined) return await runTask(task, asked);
    const plain = kind === "task" ? this.#sources.functions.get(target) : undefined;
    if (plain !== undefined) return await attempt(() => plain(asked.inputs), asked);
    return await this.#askFor(asked);
  }

  /** Answers in the file that nothing asked for, each with the name that was probably meant. */
  unasked(): string[] {
    const { tasks = {}, workflows = {} } = this.#sources.file;
    const of = (kind: Asked["kind"], names: string[]): string[] =>
      names.filter((name) => !this.#asked[kind].has(name))
        .map((name) =>
          `nothing ran ${kind} "${name}", which --answers has.${didYouMean(name, this.#asked[kind])}`
        );
    return [...of("task", Object.keys(tasks)), ...of("workflow", Object.keys(workflows))];
  }

  /** A signal that a flow waits for and nobody has sent; nothing: time passes. */
  async signal(name: string): Promise<{ value: JsonValue } | undefined> {
    const { ask } = this.#sources;
    for (;;) {
      const text = await ask?.(`? signal "${name}" as JSON, or Enter to let time pass: `);
      if (text === undefined || text.trim() === "") return undefined;
      const value = readJson(text);
      if (value !== undefined) return value;
    }
  }

  #listed(entry: JsonValue, asked: Asked): Answer {
    const key = `${asked.kind} ${asked.target}`;
    const call = this.#calls.get(key) ?? 0;
    this.#calls.set(key, call + 1);
    const each = isObject(entry) && Array.isArray(entry.$each) ? entry.$each : undefined;
    const value = each === undefined ? entry : each[Math.min(call, each.length - 1)] ?? null;
    if (!isObject(value) || !Object.hasOwn(value, "$error")) return { status: "completed", output: value };
    const error = value.$error!;
    const told = isObject(error)
      ? { type: "Error", message: "", ...error } as ErrorJson
      : { type: "Error", message: String(error) };
    return { status: "failed", error: told, retryable: each !== undefined };
  }

  async #askFor(asked: Asked): Promise<Answer> {
    const { kind, target, inputs } = asked;
    const { ask } = this.#sources;
    if (ask === undefined) {
      throw new CliError(`nothing answers ${kind} "${target}", and nobody can be asked`, {
        hint: "give --tasks with a module that exports it, or --answers with a JSON file",
        code: "NO_ANSWER",
      });
    }
    for (;;) {
      const question = `? ${kind} "${target}" ${
        JSON.stringify(inputs)
      }\n  JSON, or ! and a message to let it fail: `;
      const text = await ask(question);
      if (text === undefined) {
        throw new CliError("the answers ended before the flow did", { code: "NO_ANSWER" });
      }
      if (text.startsWith("!")) {
        const error = { type: "Error", message: text.slice(1).trim() || "it failed" };
        return { status: "failed", error, retryable: false };
      }
      const value = readJson(text.trim() === "" ? "null" : text);
      if (value !== undefined) return { status: "completed", output: value.value };
    }
  }
}

async function runTask(task: AnyTask, asked: Asked): Promise<Answer> {
  const { definition } = task;
  if (definition.options.transactional) {
    throw new CliError(`task "${task.name}" is transactional and needs a database`, {
      hint: "answer it from --answers",
      code: "NO_ANSWER",
    });
  }
  const line = (level: string) => (message: string): void => asked.log(level, message);
  const context = Object.defineProperties(directContext(task.name), {
    attempt: { value: asked.attempt },
    executionId: { value: asked.executionId },
    log: { value: { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") } },
  });
  const answer = await attempt(
    async () => definition.handler(await parseInput(definition, asked.inputs), context),
    asked,
  );
  return { ...answer, retry: retryPolicyOf(definition.options.retry) };
}

async function attempt(work: () => unknown, { target }: Asked): Promise<Answer> {
  try {
    const output = await work();
    return {
      status: "completed",
      output: JSON.parse(toJson(output ?? null, { what: `output of task "${target}"` })),
    };
  } catch (thrown) {
    if (thrown instanceof CliError) throw thrown;
    return { status: "failed", ...failureOf(thrown) };
  }
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readJson(text: string): { value: JsonValue } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
