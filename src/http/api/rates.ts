import { z } from "zod";
import type { HeatFilter, RateFilter } from "../../define/mod.ts";
import type { ReadModel } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import { flowHeat, rate } from "./schemas.ts";

/** What workers ended, and how long it took. */
export function rateRoutes(reads: ReadModel): Route[] {
  const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text)).optional();
  return [
    route({
      method: "GET",
      path: "/api/rates",
      operation: "listRates",
      summary: "What workers ended in each minute or hour, by target and queue, and how long it took",
      tag: "rates",
      query: z.strictObject({
        span: z.enum(["minute", "hour"]).default("minute"),
        since: moment.describe("not before; default: an hour ago, or a day ago by the hour"),
        until: moment.describe("before this; default: now"),
        type: z.enum(["task", "workflow"]).optional(),
        target: z.string().optional(),
        queue: z.string().optional(),
        total: z.enum(["true", "false"]).optional().describe("one row for the whole time"),
      }),
      response: z.object({ rates: z.array(rate) }),
      handle: async ({ query: { total, ...filter } }) => ({
        rates: await reads.rates({ ...filter, total: total === "true" } as RateFilter),
      }),
    }),
    route({
      method: "GET",
      path: "/api/flows/:name/heat",
      operation: "getFlowHeat",
      summary:
        "A flow with what happened at its lines: how often each was waited at, for how long, how often it failed",
      tag: "rates",
      query: z.strictObject({
        version: z.coerce.number().int().min(1).max(2 ** 31 - 1).optional().describe(
          "default: the current one",
        ),
        since: moment.describe("not before; default: a day ago"),
        until: moment.describe("before this; default: now"),
      }),
      response: flowHeat,
      handle: ({ params, query }) => reads.heat(params.name!, query as HeatFilter),
    }),
  ];
}
