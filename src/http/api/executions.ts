import { z } from "zod";
import { ExecutionNotFoundError } from "../../db/engine_errors.ts";
import {
  type Ask,
  type ChangeOptions,
  describe,
  type ExecutionFilter,
  type ExecutionStatus,
  type StartOptions,
} from "../../define/mod.ts";
import type { Commands, ReadModel } from "../read_model.ts";
import { Accepted, HttpError } from "../respond.ts";
import { type Route, route } from "../route.ts";
import {
  anyJson,
  asked,
  changeOptions,
  done,
  execution,
  executionPage,
  fingerprint,
  historyItem,
  historyStep,
  logEntry,
  pastState,
  reason,
  runsPart,
  startOptions,
  stateChange,
  stepNumber,
} from "./schemas.ts";

const STATUSES: readonly string[] = [
  "pending",
  "running",
  "suspended",
  "completed",
  "failed",
  "cancelled",
  "frozen",
];
const tag = "executions";

/** Which executions, as a query string says it. */
export const executionQuery = z.strictObject({
  type: z.enum(["task", "workflow"]).optional(),
  target: z.string().optional(),
  version: z.coerce.number().int().min(1).max(2 ** 31 - 1).optional(),
  line: z.coerce.number().int().min(1).max(2 ** 31 - 1).optional().describe(
    "the line of the flow where it stands, or failed",
  ),
  status: z.string().optional().describe("one status, or several with commas"),
  queue: z.string().optional(),
  parent: z.string().optional(),
  fingerprint: fingerprint.optional(),
  variables: z.string().optional().describe("JSON object of variables that workflows are found by"),
  metadata: z.string().optional().describe("JSON object that the metadata must contain"),
  createdAfter: z.string().optional(),
  createdBefore: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().optional(),
});

/** The filter that a query string stands for. */
export function filterOf(query: z.output<typeof executionQuery>): ExecutionFilter {
  const { status, metadata, variables, ...rest } = query;
  const filter: ExecutionFilter = { ...rest };
  if (status !== undefined) filter.status = readStatuses(status);
  if (variables !== undefined) {
    filter.variables = readObject(variables, "variables") as Record<string, string>;
  }
  if (metadata !== undefined) filter.metadata = readObject(metadata, "metadata");
  return filter;
}

/** Everything about executions. */
export function executionRoutes(reads: ReadModel, commands: Commands): Route[] {
  return [...readRoutes(reads), ...startRoutes(commands), ...changeRoutes(reads, commands)];
}

function readRoutes(reads: ReadModel): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/executions",
      operation: "listExecutions",
      summary: "Executions, newest first",
      tag,
      query: executionQuery,
      response: executionPage,
      handle: ({ query }) => reads.executions(filterOf(query)),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id",
      operation: "getExecution",
      summary: "One execution",
      tag,
      response: execution,
      handle: ({ params }) => existing(reads, params.id!),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/tree",
      operation: "getExecutionTree",
      summary: "An execution with all its descendants, oldest first",
      tag,
      response: z.object({ executions: z.array(execution) }),
      handle: async ({ params }) => ({ executions: await reads.tree(params.id!) }),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/logs",
      operation: "getExecutionLogs",
      summary: "Log lines of an execution, oldest first",
      tag,
      query: z.strictObject({
        after: z.string().optional().describe("only lines after the one with this id"),
      }),
      response: z.object({ lines: z.array(logEntry) }),
      handle: async ({ params, query }) => ({ lines: await reads.logs(params.id!, query.after) }),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/explain",
      operation: "explainExecution",
      summary: "Why an execution does not continue, or how it ended, as sentences and facts",
      tag,
      response: z.object({ reasons: z.array(reason) }),
      handle: async ({ params }) => ({ reasons: await reads.explain(params.id!) }),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/position",
      operation: "getExecutionPosition",
      summary: "The line at which a workflow waits, with its variables and what it waits for",
      tag,
      response: anyJson,
      handle: ({ params }) => reads.position(params.id!),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/export",
      operation: "exportExecution",
      summary:
        "An execution with all that it started and its whole history, to import it elsewhere as a frozen copy",
      tag,
      response: anyJson,
      handle: async ({ params }) => JSON.parse(await reads.export(params.id!)),
    }),
    ...historyRoutes(reads),
  ];
}

function historyRoutes(reads: ReadModel): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/executions/:id/history",
      operation: "getExecutionHistory",
      summary: "What a workflow did, step by step: what each took, started and logged, from line to line",
      tag,
      query: z.strictObject({
        after: z.coerce.number().int().min(0).max(2 ** 31 - 1).default(0).describe(
          "only steps after this one",
        ),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      response: z.object({ steps: z.array(historyStep) }),
      handle: async ({ params, query }) => ({ steps: await reads.history(params.id!, query) }),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/at/:when",
      operation: "getExecutionAt",
      summary: "A workflow as it was after a step (its number) or at a time: lines, variables, waits",
      tag,
      response: pastState,
      handle: ({ params }) => reads.at(params.id!, readWhen(params.when!)),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/diff",
      operation: "diffExecution",
      summary: "The lines and variables of a workflow that changed between two steps",
      tag,
      query: z.strictObject({ from: stepNumber, to: stepNumber }),
      response: z.object({ changes: z.array(stateChange) }),
      handle: async ({ params, query }) => ({ changes: await reads.diff(params.id!, query.from, query.to) }),
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/diff/:other",
      operation: "diffExecutions",
      summary:
        "The first step in which two workflows part, and what differs; null if they do the same all along",
      tag,
      response: z.object({ part: runsPart.nullable() }),
      handle: async ({ params }) => ({ part: await reads.diffRuns(params.id!, params.other!) }),
    }),
  ];
}

function readWhen(text: string): number | Date {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const at = new Date(text);
  if (!Number.isNaN(at.getTime()) && text.includes("-")) return at;
  throw new HttpError(
    400,
    "INVALID_REQUEST",
    `Expected the number of a step or a time such as 2026-01-31T08:00:00Z, not ${text}`,
  );
}

function startRoutes(commands: Commands): Route[] {
  const body = z.strictObject({ inputs: anyJson.optional(), options: startOptions.optional() });
  const started = z.object({
    id: z.string(),
    created: z.boolean().describe("false: it was there before, and has the key of this start"),
  });
  const start = (type: "task" | "workflow", path: string, operation: string, summary: string): Route =>
    route({
      method: "POST",
      path,
      operation,
      summary,
      tag,
      body,
      response: started,
      status: 201,
      handle: async ({ params, body }) =>
        await commands.start(type, params.name!, body.inputs ?? {}, (body.options ?? {}) as StartOptions),
    });
  return [
    start("workflow", "/api/workflows/:name/start", "startWorkflow", "Starts a workflow"),
    start("task", "/api/tasks/:name/queue", "queueTask", "Queues a task"),
  ];
}

function changeRoutes(reads: ReadModel, commands: Commands): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/executions/:id/signals/:name",
      operation: "sendSignal",
      summary: "Sends a signal; it is kept until the workflow takes it",
      tag,
      body: z.strictObject({ payload: anyJson.optional() }),
      response: done,
      handle: async ({ params, body }) => {
        await commands.signal(params.id!, params.name!, body.payload ?? null);
        return { ok: true };
      },
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/asks/:name",
      operation: "askWorkflow",
      summary:
        "Sends a signal and answers with what the workflow replied; after the timeout with 202 and an address",
      tag,
      body: z.strictObject({
        payload: anyJson.optional(),
        idempotencyKey: z.string().optional().describe(
          "the same key is the same question, with the same answer",
        ),
        timeout: z.number().min(0).max(300).default(30).describe("seconds"),
      }),
      response: asked,
      handle: async ({ params, body, signal }) => {
        const { payload = null, idempotencyKey, timeout } = body;
        const ask = await commands.ask(params.id!, {
          name: params.name!,
          payload,
          idempotencyKey,
          timeout,
          signal,
        });
        return ask.status === "open" ? new Accepted(ask, ask.id) : ask;
      },
    }),
    route({
      method: "GET",
      path: "/api/executions/:id/asks/:ask",
      operation: "getAsk",
      summary: "A question that a workflow was asked, and its answer",
      tag,
      response: asked,
      handle: async ({ params }) => {
        return await askOf(commands, params);
      },
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/asks/:ask/answer",
      operation: "answerAsk",
      summary: "Answers a question in place of its workflow, or rejects it; false: it was answered already",
      tag,
      body: z.union([
        z.strictObject({ answer: anyJson }),
        z.strictObject({ error: z.string().min(1).describe("why it is rejected") }),
      ]),
      response: z.object({ answered: z.boolean() }),
      handle: async ({ params, body }) => ({
        answered: await commands.answerAsk((await askOf(commands, params)).id, body),
      }),
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/cancel",
      operation: "cancelExecution",
      summary: "Cancels an execution and its children; false if it had ended",
      tag,
      body: z.strictObject({ reason: z.string().optional() }),
      response: z.object({ cancelled: z.boolean() }),
      handle: async ({ params, body }) => ({ cancelled: await commands.cancel(params.id!, body.reason) }),
    }),
    route({
      method: "DELETE",
      path: "/api/executions/:id",
      operation: "deleteExecution",
      summary: "Deletes an execution that has ended and all that it started, with their data",
      tag,
      response: z.object({ deleted: z.int() }),
      handle: async ({ params }) => ({ deleted: await commands.delete(params.id!) }),
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/retry",
      operation: "retryExecution",
      summary: "Runs a failed or cancelled execution again; a workflow continues from its last step",
      tag,
      body: z.strictObject({}),
      response: execution,
      handle: async ({ params }) => {
        await commands.retry(params.id!);
        return await existing(reads, params.id!);
      },
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/change",
      operation: "changeExecution",
      summary: "Gives an execution that has not begun another queue, priority or time",
      tag,
      body: changeOptions,
      response: execution,
      handle: async ({ params, body }) => {
        await commands.change(params.id!, body as ChangeOptions);
        return await existing(reads, params.id!);
      },
    }),
    ...editRoutes(commands),
    route({
      method: "POST",
      path: "/api/executions/import",
      operation: "importExecution",
      summary: "Stores an exported execution as a frozen copy, which nothing runs",
      tag,
      body: z.record(z.string(), anyJson),
      response: z.object({ id: z.string() }),
      status: 201,
      handle: async ({ body }) => ({ id: await commands.import(JSON.stringify(body)) }),
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/wait",
      operation: "waitForExecution",
      summary: "Answers when the execution has ended, or with its state after the timeout",
      tag,
      body: z.strictObject({ timeout: z.number().min(0).max(300).default(30).describe("seconds") }),
      response: execution,
      handle: async ({ params, body, signal }) => {
        try {
          return await commands.wait(params.id!, { timeout: body.timeout, signal });
        } catch (error) {
          if ((error as { code?: string }).code === "WAIT_TIMEOUT") return await existing(reads, params.id!);
          throw error;
        }
      },
    }),
  ];
}

function editRoutes(commands: Commands): Route[] {
  const changes = {
    fibre: z.int().min(0).optional().describe("which branch, counted from 0 as `at` lists them"),
    set: z.record(z.string(), anyJson).optional().describe("new values of variables"),
    note: z.string().optional().describe("why; it is kept in the history"),
  };
  const step = z.int().min(1).max(2 ** 31 - 1);
  const dryRun = z.boolean().optional().describe("only say what would change");
  const changed = z.object({
    change: z.int().nullable().describe("the number that the change has among the steps; null in a dry run"),
    changes: z.array(stateChange).optional().describe(
      "in a dry run: the lines and variables that would change",
    ),
    cancels: z.array(historyItem).optional().describe("in a dry run: children that would be cancelled"),
    goesOn: z.array(historyItem).optional().describe("in a dry run: what had been under way at the step"),
  });
  return [
    route({
      method: "POST",
      path: "/api/executions/:id/edit",
      operation: "editExecution",
      summary: "Changes variables of a workflow that waits or has failed",
      tag,
      body: z.strictObject({ ...changes, set: changes.set.unwrap(), dryRun }),
      response: changed,
      handle: async ({ params, body: { dryRun, ...body } }) =>
        dryRun
          ? { change: null, ...await commands.plan(params.id!, body) }
          : { change: await commands.edit(params.id!, body) },
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/rewind",
      operation: "rewindExecution",
      summary: "Puts a workflow back to an earlier step; children that it began since are cancelled",
      tag,
      body: z.strictObject({ ...changes, step, dryRun }),
      response: changed,
      handle: async ({ params, body: { dryRun, ...body } }) =>
        dryRun
          ? { change: null, ...await commands.plan(params.id!, body) }
          : { change: await commands.rewind(params.id!, body) },
    }),
    route({
      method: "POST",
      path: "/api/executions/:id/fork",
      operation: "forkExecution",
      summary: "Makes a new workflow that goes on from a step of this one",
      tag,
      body: z.strictObject({
        ...{ ...changes, step, dryRun: z.boolean().optional() },
        version: z.int().min(1).optional().describe("the version of the flow on which it goes on"),
        inputs: anyJson.optional().describe("what it is started with"),
        map: z.record(z.string(), z.int()).optional()
          .describe("lines of the old version, and those of the new one where to go on"),
        accept: z.enum(["sure", "likely"]).optional().describe("whether what is likely is done, too"),
      }),
      response: z.object({
        id: z.string().nullable().describe("the new execution; null in a dry run"),
        step: z.int(),
        starts: z.array(historyItem).describe("what begins again"),
      }),
      handle: ({ params, body }) => commands.fork(params.id!, body),
    }),
  ];
}

async function existing(reads: ReadModel, id: string): Promise<unknown> {
  const found = await reads.execution(id);
  if (found === null) throw ExecutionNotFoundError.of(id);
  return found;
}

function readStatuses(text: string): ExecutionStatus[] {
  const statuses = text.split(",");
  const wrong = statuses.find((status) => !STATUSES.includes(status));
  if (wrong !== undefined) {
    throw new HttpError(
      400,
      "INVALID_REQUEST",
      `There is no status ${describe(wrong)}; there are: ${STATUSES.join(", ")}`,
    );
  }
  return statuses as ExecutionStatus[];
}

function readObject(text: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below, like any other text that is not an object.
  }
  throw new HttpError(400, "INVALID_REQUEST", `${name} must be a JSON object, not ${describe(text)}`);
}

async function askOf(
  commands: Commands,
  { id, ask: number }: Readonly<Record<string, string | undefined>>,
): Promise<Ask> {
  const ask = /^\d{1,18}$/.test(number!) ? await commands.getAsk(number!) : null;
  if (ask !== null && ask.executionId === id!.toLowerCase()) return ask;
  throw new HttpError(404, "ASK_NOT_FOUND", `Execution ${id} was asked no question ${number}`);
}
