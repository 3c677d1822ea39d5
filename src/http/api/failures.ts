import { z } from "zod";
import { UnknownNameError } from "../../db/engine_errors.ts";
import type { FailureFilter, FailureHookOptions, FailureState } from "../../define/mod.ts";
import type { Commands, ReadModel } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import { done, failureHook, failureKind, failureState, fingerprint, variables } from "./schemas.ts";

const tag = "failures";

/** Failures by their kind. */
export function failureRoutes(reads: ReadModel, commands: Commands): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/failures",
      operation: "listFailures",
      summary: "Kinds of failures, those that came last first",
      tag,
      query: z.strictObject({
        state: z.string().optional().describe(
          "one state, or several with commas: new, known, resolved, ignored",
        ),
        target: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      response: z.object({ failures: z.array(failureKind) }),
      handle: async ({ query: { state, ...rest } }) => {
        const filter: FailureFilter = { ...rest };
        if (state !== undefined) filter.state = state.split(",") as FailureState[];
        return { failures: await reads.failures(filter) };
      },
    }),
    route({
      method: "GET",
      path: "/api/failures/:fingerprint",
      operation: "getFailure",
      summary: "One kind of failures",
      tag,
      response: failureKind,
      handle: async ({ params }) => await reads.failure(params.fingerprint!) ?? unknown(params.fingerprint!),
    }),
    route({
      method: "POST",
      path: "/api/failures/:fingerprint",
      operation: "setFailure",
      summary: "Says what is known of a kind of failures; resolved is new again when it comes again",
      tag,
      body: z.strictObject({
        state: failureState,
        note: z.string().optional().describe("a word about it, which is kept"),
        by: z.string().optional().describe("who says it"),
      }),
      response: z.object({ changed: z.boolean() }),
      handle: async ({ params, body: { state, ...words } }) => ({
        changed: await commands.setFailure(params.fingerprint!, state, words),
      }),
    }),
    ...hookRoutes(reads, commands),
  ];
}

function hookRoutes(reads: ReadModel, commands: Commands): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/failure-hooks",
      operation: "listFailureHooks",
      summary: "What is started when executions fail",
      tag,
      response: z.object({ hooks: z.array(failureHook) }),
      handle: async () => ({ hooks: await reads.failureHooks() }),
    }),
    route({
      method: "PUT",
      path: "/api/failure-hooks/:name",
      operation: "setFailureHook",
      summary:
        "Creates or replaces a hook: a task or flow to start, or an address to call, when executions fail",
      tag,
      body: z.strictObject({
        target: z.string().optional().describe("the task or flow to start"),
        type: z.enum(["task", "workflow"]).optional(),
        url: z.string().optional().describe("the address to call, with POST"),
        secret: z.string().optional().describe("calls are signed with it"),
        event: z.enum(["new", "failed"]).optional().describe(
          "for each new kind, or for each failed execution",
        ),
        filter: z.strictObject({
          type: z.enum(["task", "workflow"]).optional(),
          target: z.string().optional(),
          version: z.int().optional(),
          queue: z.string().optional(),
          parent: z.string().optional(),
          fingerprint: fingerprint.optional(),
          line: z.int().optional(),
          variables: variables.optional(),
          metadata: z.record(z.string(), z.unknown()).optional(),
        }).optional(),
        queue: z.string().optional(),
        by: z.string().optional().describe("who sets it"),
      }),
      response: done,
      handle: async ({ params, body }) => {
        await commands.setFailureHook(params.name!, body as FailureHookOptions);
        return { ok: true as const };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/failure-hooks/:name",
      operation: "removeFailureHook",
      summary: "Removes a hook",
      tag,
      response: z.object({ changed: z.boolean() }),
      handle: async ({ params }) => ({ changed: await commands.removeFailureHook(params.name!) }),
    }),
  ];
}

function unknown(fingerprint: string): never {
  throw new UnknownNameError({ code: "RH004", message: `No failure has the fingerprint ${fingerprint}` });
}
