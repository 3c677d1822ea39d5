import { z } from "zod";
import type { RateFilter } from "../../define/mod.ts";
import type { ReadModel } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import { rate } from "./schemas.ts";

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
  ];
}
