import { z } from "zod";
import type { KeyLimits, QueueLimits } from "../../client/queues.ts";
import type { Commands, PauseKind, ReadModel, ScheduleDefinition } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import {
  anyJson,
  done,
  flow,
  pause,
  queue,
  schedule,
  scheduleOptions,
  violation,
  worker,
} from "./schemas.ts";

/** Queues, workers, schedules, flows, and the engine's check of itself. */
export function operationRoutes(reads: ReadModel, commands: Commands): Route[] {
  return [
    ...listRoutes(reads),
    ...pauseRoutes(commands),
    ...limitRoutes(commands),
    ...workerRoutes(commands),
    ...scheduleRoutes(commands),
    ...flowRoutes(commands),
  ];
}

function listRoutes(reads: ReadModel): Route[] {
  const list = (name: string, summary: string, item: z.ZodType, read: () => Promise<unknown>): Route =>
    route({
      method: "GET",
      path: `/api/${name}`,
      operation: `list${name[0]!.toUpperCase()}${name.slice(1)}`,
      summary,
      tag: name,
      response: z.object({ [name]: z.array(item) }),
      handle: async () => ({ [name]: await read() }),
    });
  return [
    list("queues", "Queues with depth, oldest and running", queue, () => reads.queues()),
    list("pauses", "What is paused, except executions", pause, () => reads.pauses()),
    list("workers", "Workers with their last heartbeat", worker, () => reads.workers()),
    list("schedules", "Schedules with their last and next run", schedule, () => reads.schedules()),
    list("flows", "The current version of each flow", flow, () => reads.flows()),
    list(
      "violations",
      "Damage that the engine's own check finds; empty when all is well",
      violation,
      () => reads.violations(),
    ),
  ];
}

function pauseRoutes(commands: Commands): Route[] {
  const body = z.strictObject({ reason: z.string().optional(), by: z.string().optional() });
  const both = (kind: PauseKind, path: string, tag: string, what: string): Route[] => [
    route({
      method: "POST",
      path: `${path}/pause`,
      operation: `pause${kind[0]!.toUpperCase()}${kind.slice(1)}`,
      summary: `Pauses ${what}; false: it was paused already`,
      tag,
      body,
      response: z.object({ paused: z.boolean() }),
      handle: async ({ params, body }) => ({ paused: await commands.pause(kind, params.name ?? "", body) }),
    }),
    route({
      method: "POST",
      path: `${path}/resume`,
      operation: `resume${kind[0]!.toUpperCase()}${kind.slice(1)}`,
      summary: `Ends the pause of ${what}; false: it was not paused`,
      tag,
      response: z.object({ resumed: z.boolean() }),
      handle: async ({ params }) => ({ resumed: await commands.resume(kind, params.name ?? "") }),
    }),
  ];
  return [
    ...both(
      "execution",
      "/api/executions/:name",
      "executions",
      "an execution, whose attempt or step ends first",
    ),
    ...both("task", "/api/tasks/:name", "pauses", "a task: nothing of it begins"),
    ...both("flow", "/api/flows/:name", "pauses", "a flow: its workflows neither begin nor continue"),
    ...both("queue", "/api/queues/:name", "queues", "a queue: workers claim nothing from it"),
    ...both("everything", "/api", "pauses", "everything"),
  ];
}

function workerRoutes(commands: Commands): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/workers/:id/drain",
      operation: "drainWorker",
      summary: "A worker takes nothing new and ends what it holds; false: it was draining already",
      tag: "workers",
      body: z.strictObject({ reason: z.string().optional() }),
      response: z.object({ draining: z.boolean() }),
      handle: async ({ params, body }) => ({ draining: await commands.drainWorker(params.id!, body) }),
    }),
    route({
      method: "POST",
      path: "/api/workers/:id/resume",
      operation: "resumeWorker",
      summary: "A worker takes what comes again; false: it was not draining",
      tag: "workers",
      response: z.object({ resumed: z.boolean() }),
      handle: async ({ params }) => ({ resumed: await commands.resumeWorker(params.id!) }),
    }),
  ];
}

function limitRoutes(commands: Commands): Route[] {
  const words = z.strictObject({ reason: z.string().optional(), by: z.string().optional() });
  const period = z.union([z.number(), z.string()]).optional().describe("a duration; default: one second");
  const at = "/api/queues/:name/keys/:key";
  return [
    route({
      method: "PUT",
      path: "/api/queues/:name",
      operation: "configureQueue",
      summary: "Sets the limits of a queue; a limit that is not given is taken away",
      tag: "queues",
      body: z.strictObject({
        concurrency: z.int().optional(),
        perKeyConcurrency: z.int().optional(),
        rate: z.int().optional(),
        per: period,
        perKeyRate: z.int().optional(),
        perKeyPer: period,
        fair: z.literal("key").optional().describe("concurrency keys take turns"),
        weights: z.record(z.string(), z.int()).optional().describe("turns of keys; not given: as they are"),
      }),
      response: done,
      handle: async ({ params, body }) => {
        await commands.configureQueue(params.name!, body as QueueLimits);
        return { ok: true };
      },
    }),
    route({
      method: "PUT",
      path: at,
      operation: "configureKey",
      summary: "Sets the limits of a concurrency key; what is not given is as for all keys",
      tag: "queues",
      body: z.strictObject({
        concurrency: z.int().optional(),
        rate: z.int().optional(),
        per: period,
        weight: z.int().optional(),
      }),
      response: done,
      handle: async ({ params, body }) => {
        await commands.configureKey(params.name!, params.key!, body as KeyLimits);
        return { ok: true };
      },
    }),
    route({
      method: "POST",
      path: `${at}/pause`,
      operation: "pauseKey",
      summary: "Pauses a concurrency key; false: it was paused already",
      tag: "queues",
      body: words,
      response: z.object({ paused: z.boolean() }),
      handle: async ({ params, body }) => ({
        paused: await commands.pauseKey(params.name!, params.key!, body),
      }),
    }),
    route({
      method: "POST",
      path: `${at}/resume`,
      operation: "resumeKey",
      summary: "Ends the pause of a concurrency key; false: it was not paused",
      tag: "queues",
      response: z.object({ resumed: z.boolean() }),
      handle: async ({ params }) => ({ resumed: await commands.resumeKey(params.name!, params.key!) }),
    }),
  ];
}

function scheduleRoutes(commands: Commands): Route[] {
  const change = (verb: "pause" | "resume" | "trigger", summary: string): Route =>
    route({
      method: "POST",
      path: `/api/schedules/:name/${verb}`,
      operation: `${verb}Schedule`,
      summary,
      tag: "schedules",
      response: done,
      handle: async ({ params }) => {
        await commands.changeSchedule(params.name!, verb);
        return { ok: true };
      },
    });
  return [
    route({
      method: "PUT",
      path: "/api/schedules/:name",
      operation: "putSchedule",
      summary: "Creates or replaces a schedule",
      tag: "schedules",
      body: z.strictObject({
        cron: z.string(),
        target: z.string(),
        type: z.enum(["task", "workflow"]).optional(),
        inputs: anyJson.optional(),
        timezone: z.string().optional(),
        overlap: z.enum(["skip", "queue", "allow", "cancel"]).optional(),
        catchUp: z.enum(["none", "one", "all"]).optional(),
        jitter: z.union([z.number(), z.string()]).optional(),
        options: scheduleOptions.optional(),
      }),
      response: done,
      handle: async ({ params, body }) => {
        await commands.schedule(params.name!, body as ScheduleDefinition);
        return { ok: true };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/schedules/:name",
      operation: "removeSchedule",
      summary: "Removes a schedule; its executions stay",
      tag: "schedules",
      response: done,
      handle: async ({ params }) => {
        await commands.changeSchedule(params.name!, "remove");
        return { ok: true };
      },
    }),
    change("pause", "Keeps a schedule from firing"),
    change("resume", "Lets a schedule fire again"),
    change("trigger", "Fires a schedule now, in addition to its times"),
    route({
      method: "POST",
      path: "/api/schedules/:name/backfill",
      operation: "backfillSchedule",
      summary: "Starts an execution for each time of a schedule in a span that is past, 1,000 at most",
      tag: "schedules",
      body: z.strictObject({
        from: z.iso.datetime({ offset: true }).describe("the first moment"),
        to: z.iso.datetime({ offset: true }).describe("the last"),
      }),
      response: z.object({
        ids: z.array(z.string()).describe("one for each time; also of what ran already"),
      }),
      status: 201,
      handle: async ({ params, body }) => ({ ids: await commands.backfillSchedule(params.name!, body) }),
    }),
  ];
}

function flowRoutes(commands: Commands): Route[] {
  return [
    route({
      method: "PUT",
      path: "/api/flows/:name",
      operation: "registerFlow",
      summary: "Registers a flow; the same text again changes nothing",
      tag: "flows",
      body: z.strictObject({ source: z.string() }),
      response: z.record(z.string(), z.unknown()),
      handle: ({ params, body }) => commands.registerFlow(params.name!, body.source),
    }),
    route({
      method: "POST",
      path: "/api/flows/:name/version",
      operation: "setFlowVersion",
      summary: "Makes a version of a flow the one that new executions start on",
      tag: "flows",
      body: z.strictObject({ version: z.int() }),
      response: done,
      handle: async ({ params, body }) => {
        await commands.setFlowVersion(params.name!, body.version);
        return { ok: true };
      },
    }),
  ];
}
