import { z } from "zod";
import type { Commands } from "../read_model.ts";
import { type Route, route } from "../route.ts";

/** The SQL console. */
export function consoleRoutes(commands: Commands): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/sql",
      operation: "runQuery",
      summary: "Runs one query as a login that can only read; at most ten seconds and 1,000 rows",
      tag: "sql",
      body: z.strictObject({ query: z.string().min(1).max(100_000) }),
      response: z.object({
        columns: z.array(z.string()).describe("empty if there are no rows"),
        rows: z.array(z.array(z.string().nullable())).describe(
          "every value as text, at most 2,000 characters",
        ),
        hasMore: z.boolean(),
        ms: z.number(),
      }),
      handle: ({ body }) => commands.query(body.query),
    }),
  ];
}
