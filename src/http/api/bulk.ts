import { z } from "zod";
import type { OperationRequest } from "../../define/mod.ts";
import type { Commands, ReadModel } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import { anyJson, changeOptions, operation, operationAct, operationPlace, variables } from "./schemas.ts";

const tag = "operations";
const status = z.enum(["pending", "running", "suspended", "completed", "failed", "cancelled"]);

/** What is done to many executions at once. */
export function bulkRoutes(reads: ReadModel, commands: Commands): Route[] {
  const change = (verb: "stop" | "resume", summary: string): Route =>
    route({
      method: "POST",
      path: `/api/operations/:id/${verb}`,
      operation: `${verb}Operation`,
      summary,
      tag,
      response: z.object({ changed: z.boolean() }),
      handle: async ({ params }) => ({ changed: await commands.changeOperation(params.id!, verb) }),
    });
  return [
    route({
      method: "POST",
      path: "/api/operations",
      operation: "startOperation",
      summary:
        "Cancels, retries, signals, pauses, resumes, changes, migrates or repairs all executions that fit a filter, in the background",
      tag,
      body: z.strictObject({
        action: z.enum(["cancel", "retry", "signal", "pause", "resume", "change", "migrate", "repair"]),
        filter: z.strictObject({
          ids: z.array(z.string()).min(1).max(1000).optional().describe("these"),
          type: z.enum(["task", "workflow"]).optional(),
          target: z.string().optional(),
          version: z.int().optional(),
          status: z.union([status, z.array(status)]).optional(),
          queue: z.string().optional(),
          parent: z.string().optional(),
          fingerprint: z.string().optional(),
          line: z.int().optional().describe("the line of the flow that failed"),
          variables: variables.optional(),
          metadata: z.record(z.string(), z.unknown()).optional(),
          paused: z.boolean().optional(),
          createdAfter: z.string().optional(),
          createdBefore: z.string().optional(),
        }),
        reason: z.string().optional().describe("why, for cancel and pause"),
        change: changeOptions.optional().describe("the new queue, priority or time"),
        name: z.string().optional().describe("the name of the signal"),
        payload: anyJson.optional().describe("the payload of the signal"),
        to: z.int().optional().describe("the version to go to, for migrate and repair"),
        map: z.record(z.string(), z.int()).optional()
          .describe("lines of the old version, and those of the new one where to go on"),
        accept: z.enum(["sure", "likely"]).optional().describe("whether what is likely is done, too"),
        set: z.record(z.string(), anyJson).optional().describe("values of variables"),
        fibre: z.int().optional().describe("whose variables they are, counted from 0"),
        then: z.enum(["retry", "resume"]).optional().describe("how what is repaired goes on"),
        note: z.string().optional().describe("why; it is kept in the history"),
        dryRun: z.boolean().optional().describe("only record what it would change"),
        by: z.string().optional().describe("who does it"),
      }),
      response: operation,
      status: 201,
      handle: ({ body }) => commands.operate(body as OperationRequest),
    }),
    route({
      method: "GET",
      path: "/api/operations",
      operation: "listOperations",
      summary: "The last operations, newest first",
      tag,
      response: z.object({ operations: z.array(operation) }),
      handle: async () => ({ operations: await reads.operations() }),
    }),
    route({
      method: "GET",
      path: "/api/operations/:id",
      operation: "getOperation",
      summary: "One operation, with its progress",
      tag,
      response: operation,
      handle: ({ params }) => reads.operation(params.id!),
    }),
    route({
      method: "GET",
      path: "/api/operations/:id/acts",
      operation: "listOperationActs",
      summary: "What an operation did to each execution",
      tag,
      query: z.strictObject({
        after: z.string().optional().describe("only executions after this one"),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      response: z.object({ acts: z.array(operationAct) }),
      handle: async ({ params, query }) => ({ acts: await reads.acts(params.id!, query) }),
    }),
    route({
      method: "GET",
      path: "/api/operations/:id/places",
      operation: "listOperationPlaces",
      summary: "Where the workflows of a migration or a repair stood, and where they go on, in groups",
      tag,
      response: z.object({ places: z.array(operationPlace) }),
      handle: async ({ params }) => ({ places: await reads.places(params.id!) }),
    }),
    change("stop", "Stops an operation; what it has done stays"),
    change("resume", "Continues an operation that was stopped"),
  ];
}
