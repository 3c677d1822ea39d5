import { z } from "zod";
import type { Clock } from "../runtime/clock.ts";
import { PAYLOAD_BYTES } from "../shared/limits.ts";
import { didYouMean } from "../shared/suggest.ts";
import { HttpError } from "./respond.ts";

/** One operation of the API: what it takes, what it gives, and how. */
export interface Route {
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** The path as a URLPattern: `/api/executions/:id`. */
  readonly path: string;
  /** The name of the operation in the OpenAPI document. */
  readonly operation: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** The group it belongs to. */
  readonly tag: string;
  /** The query string. */
  readonly query?: z.ZodObject;
  /** The body. */
  readonly body?: z.ZodType;
  /** What a success carries. */
  readonly response: z.ZodType;
  /** The status of a success. */
  readonly status?: number;
  /** Does it. */
  readonly handle: (call: RouteCall) => Promise<unknown>;
}

/** A request as a route sees it: everything checked. */
export interface RouteCall {
  /** What the path's names stand for. */
  readonly params: Readonly<Record<string, string>>;
  /** The query string, as its schema gives it. */
  readonly query: Record<string, unknown>;
  /** The body, as its schema gives it. */
  readonly body: unknown;
  /** Ends when the client goes away. */
  readonly signal: AbortSignal;
}

/** A route with the types of its own schemas, for the one who writes it. */
export function route<Query extends z.ZodObject = z.ZodObject, Body extends z.ZodType = z.ZodType>(
  definition: Omit<Route, "handle" | "query" | "body"> & {
    query?: Query;
    body?: Body;
    handle: (
      call: Omit<RouteCall, "query" | "body"> & { query: z.output<Query>; body: z.output<Body> },
    ) => Promise<unknown>;
  },
): Route {
  return definition as unknown as Route;
}

/** Reads and checks what a request carries for a route. */
export async function readCall(
  route: Route,
  request: Request,
  { params, clock }: { params: RouteCall["params"]; clock: Pick<Clock, "after"> },
): Promise<RouteCall> {
  const query = check(route.query, Object.fromEntries(new URL(request.url).searchParams), "query string");
  const body = route.body === undefined
    ? undefined
    : check(route.body, await readJson(request, clock), "body");
  return {
    params,
    query: (query ?? {}) as Record<string, unknown>,
    body,
    // Only the routes that wait read this: its reader is told of every end.
    get signal(): AbortSignal {
      return request.signal;
    },
  };
}

function check(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue) => sentencesOf(issue, schema));
  throw new HttpError(400, "INVALID_REQUEST", `The ${where} is not what was expected: ${issues.join("; ")}`);
}

// An unknown name with the one that was meant; of alternatives, what is wrong with the one that came nearest.
function sentencesOf(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const at = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  if (issue.code === "unrecognized_keys") {
    const known = namesAt(schema, issue.path);
    return issue.keys.map((key) =>
      `${at}there is no "${key}".${didYouMean(key, known)} Expected ${known.join(", ")}`
    );
  }
  if (issue.code === "invalid_union") {
    const inside = issue.errors.find((ones) =>
      ones.some((one) => one.code !== "invalid_type" || one.path.length > 0)
    );
    if (inside !== undefined) {
      return inside.flatMap((one) => sentencesOf({ ...one, path: [...issue.path, ...one.path] }, schema));
    }
  }
  return [`${at}${issue.message}`];
}

// The names that the object at a path of a body may have.
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const alternatives = unwrapped(schema);
  const [first, ...rest] = path;
  if (first === undefined) {
    return alternatives.flatMap((one) => one instanceof z.ZodObject ? Object.keys(one.shape) : []);
  }
  return alternatives.flatMap((one) => {
    const inner = one instanceof z.ZodObject ? one.shape[String(first)] : undefined;
    return inner === undefined ? [] : namesAt(inner as z.ZodType, rest);
  });
}

function unwrapped(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((one) => unwrapped(one as z.ZodType));
  return [schema];
}

/** Reads the body of a request as JSON; none is an empty object. */
export async function readJson(request: Request, clock: Pick<Clock, "after">): Promise<unknown> {
  const text = await readBody(request, clock);
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, "INVALID_JSON", `The body is not JSON: ${(error as Error).message}`);
  }
}

// Reads at most the allowed size of a body, and does not wait for a client that does not send it.
/** The body of a request as text, if it is not too large and comes in time. */
export async function readBody({ body, headers }: Request, clock: Pick<Clock, "after">): Promise<string> {
  if (Number(headers.get("content-length") ?? 0) > BODY_BYTES) throw tooLarge();
  if (body === null) return "";
  const reader = body.getReader();
  let isLate = false;
  const cancel = clock.after(BODY_MS, () => {
    isLate = true;
    void reader.cancel().catch(() => {});
  }, { background: true });
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.byteLength;
      if (bytes > BODY_BYTES) {
        void reader.cancel().catch(() => {});
        throw tooLarge();
      }
      text += decoder.decode(part.value, { stream: true });
    }
  } finally {
    cancel();
  }
  if (isLate) {
    throw new HttpError(408, "BODY_TOO_SLOW", `The body did not arrive within ${BODY_MS / 1000} seconds`);
  }
  return text + decoder.decode();
}

function tooLarge(): HttpError {
  return new HttpError(413, "BODY_TOO_LARGE", `The body has more than ${BODY_BYTES} bytes`);
}

// The largest payload, and room for the JSON around it.
const BODY_BYTES = 2 * PAYLOAD_BYTES;

const BODY_MS = 10_000;
