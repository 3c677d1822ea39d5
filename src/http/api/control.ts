import { z } from "zod";
import type { AuditFilter, TokenOptions } from "../../define/mod.ts";
import type { Commands, ReadModel } from "../read_model.ts";
import { type Route, route } from "../route.ts";
import { auditEntry, token, tokenRole } from "./schemas.ts";

/** Which acts, as a query string says it. */
export const auditQuery = z.strictObject({
  by: z.string().optional().describe("the name of a token, or a role"),
  act: z.string().optional().describe("what was done: pause, retry, set …"),
  kind: z.string().optional().describe("to what: execution, queue, schedule …"),
  target: z.string().optional().describe("its id or name"),
  before: z.coerce.number().int().min(1).optional().describe("only acts before the one with this number"),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

/** Tokens, and what people did. */
export function controlRoutes(reads: ReadModel, commands: Commands): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/audit",
      operation: "listAudit",
      summary: "What people did: who, what, to what, why, and what changed, the latest first",
      tag: "audit",
      query: auditQuery,
      response: z.object({ acts: z.array(auditEntry) }),
      handle: async ({ query }) => ({ acts: await reads.audit(query as AuditFilter) }),
    }),
    route({
      method: "GET",
      path: "/api/tokens",
      operation: "listTokens",
      summary: "Tokens, without what one logs in with",
      tag: "tokens",
      response: z.object({ tokens: z.array(token) }),
      handle: async () => ({ tokens: await reads.tokens() }),
    }),
    route({
      method: "POST",
      path: "/api/tokens",
      operation: "createToken",
      summary: "Makes a token. It is in the answer, and is not shown again",
      tag: "tokens",
      body: z.strictObject({
        name: z.string(),
        role: tokenRole,
        expiresAt: z.iso.datetime({ offset: true }).optional(),
        metadataOnly: z.boolean().optional(),
      }),
      response: z.object({ token: z.string() }),
      status: 201,
      handle: async ({ body: { name, ...options } }) => ({
        token: await commands.createToken(name, options as TokenOptions),
      }),
    }),
    route({
      method: "DELETE",
      path: "/api/tokens/:name",
      operation: "revokeToken",
      summary: "Revokes a token. It is refused within five seconds",
      tag: "tokens",
      response: z.object({ changed: z.boolean() }),
      handle: async ({ params }) => ({ changed: await commands.revokeToken(params.name!) }),
    }),
  ];
}
