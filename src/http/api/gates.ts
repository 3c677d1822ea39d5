import { z } from "zod";
import type { GateOptions } from "../../define/mod.ts";
import type { Commands, ReadModel } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import { gate, variables } from "./schemas.ts";

const tag = "gates";

/** Where executions stop until somebody lets them on. */
export function gateRoutes(reads: ReadModel, commands: Commands): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/gates",
      operation: "listGates",
      summary: "Where executions stop until somebody lets them on, and how many stand there",
      tag,
      response: z.object({ gates: z.array(gate) }),
      handle: async () => ({ gates: await reads.gates() }),
    }),
    route({
      method: "POST",
      path: "/api/flows/:name/gates",
      operation: "setGate",
      summary: "Sets a gate in a line of a flow, or before a task that it starts",
      tag,
      body: z.strictObject({
        line: z.int().min(1).optional().describe("they do not go on from this line"),
        before: z.string().optional().describe("what they start of this task does not begin"),
        when: z.strictObject({
          variables: variables.optional(),
          metadata: z.record(z.string(), z.unknown()).optional(),
          queue: z.string().optional(),
          parent: z.string().optional(),
        }).optional().describe("which executions of the flow"),
        version: z.int().min(1).optional().describe("the version of the line; default: the current one"),
        note: z.string().optional(),
        by: z.string().optional().describe("who sets it"),
      }),
      response: z.object({ gate: z.int() }),
      status: 201,
      handle: async ({ params, body }) => ({
        gate: await commands.setGate(params.name!, body as GateOptions),
      }),
    }),
    route({
      method: "DELETE",
      path: "/api/gates/:gate",
      operation: "removeGate",
      summary: "Removes a gate; what stands there goes on",
      tag,
      response: z.object({ changed: z.boolean() }),
      handle: async ({ params }) => ({ changed: await commands.removeGate(Number(params.gate)) }),
    }),
  ];
}
