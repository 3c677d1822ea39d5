import { z } from "zod";
import type { Route } from "./route.ts";

type Json = Record<string, unknown>;

const PROBLEM = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/**
 * The OpenAPI 3.1 document of the API, made from the schemas that check its requests.
 *
 * @param routes every operation
 * @param version the version of the library
 * @returns the document
 */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Rhythm",
      version,
      description: "Durable execution in Postgres: the same promises as the SQL functions.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      responses: {
        Problem: { description: "What went wrong, for people and for programs", content: content(PROBLEM) },
      },
    },
  };
}

function operation(route: Route): Json {
  const success = String(route.status ?? 200);
  return {
    operationId: route.operation,
    summary: route.summary,
    tags: [route.tag],
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.body === undefined ? {} : { requestBody: { content: content(route.body, "input") } }),
    responses: {
      [success]: { description: "Done", content: content(route.response) },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (query === undefined) return [];
  const schema = jsonSchema(query, "input");
  const required = new Set(schema.required as string[] | undefined ?? []);
  return Object.entries(schema.properties as Record<string, Json> ?? {}).map(([name, property]) => ({
    name,
    in: "query",
    required: required.has(name),
    schema: property,
  }));
}

function content(schema: z.ZodType, io: "input" | "output" = "output"): Json {
  return { "application/json": { schema: jsonSchema(schema, io) } };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return rest;
}
