import { z } from "zod";
import { UnknownNameError } from "../../db/engine_errors.ts";
import type { FailureFilter, FailureState } from "../../define/mod.ts";
import type { Commands, ReadModel } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import { failureKind, failureState } from "./schemas.ts";

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
  ];
}

function unknown(fingerprint: string): never {
  throw new UnknownNameError({ code: "RH004", message: `No failure has the fingerprint ${fingerprint}` });
}
