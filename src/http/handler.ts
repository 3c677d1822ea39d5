import type { Clock } from "../runtime/clock.ts";
import { requireToken } from "./auth.ts";
import { type MetricFamily, METRICS_TYPE, renderMetrics } from "./prometheus.ts";
import { HttpError, json, problem, text } from "./respond.ts";
import { readCall, type Route } from "./route.ts";

/** Answers a request. */
export type Handler = (request: Request) => Promise<Response>;

/** What one part of the process says when asked whether it can work. */
export interface Readiness {
  /** Whether work can be taken on. */
  readonly ready: boolean;
  /** Each thing that was looked at, and how it is: `ok`, or what is wrong with it. */
  readonly checks: Readonly<Record<string, string>>;
}

/** What the HTTP surface needs. */
export interface HttpParts {
  /** Loads the operations of the API, when the first of them is asked for. */
  readonly routes: () => Promise<readonly Route[]>;
  /** Looks whether the process can work. */
  readonly readiness: () => Promise<Readiness>;
  /** Everything measured. */
  readonly metrics: () => Promise<readonly MetricFamily[]>;
  /** Who may use the API; without it: everybody who reaches the listener. */
  readonly token?: string;
  /** Measures how long the process has run, and how long a body takes. */
  readonly clock: Pick<Clock, "monotonic" | "after">;
  /** The library's version. */
  readonly version: string;
  /** Answers what nothing else does: the dashboard. */
  readonly fallback?: (request: Request) => Promise<Response | undefined>;
  /** Told about what failed without being the caller's fault. */
  readonly onError?: (error: unknown, request: Request) => void;
}

/**
 * The HTTP surface as one function from request to response, for `Deno.serve` or any other server.
 *
 * `/health`, `/ready` and `/metrics` are open; `/api/…` asks for the token, if there is one.
 *
 * @param parts what it needs
 * @returns the handler
 */
export function createHandler(parts: HttpParts): Handler {
  let loading: Promise<Api> | undefined;
  const started = parts.clock.monotonic();

  const answer = async (request: Request): Promise<Response> => {
    const pathname = pathOf(request);
    if (pathname === "/health") {
      return json({
        status: "ok",
        version: parts.version,
        uptimeSeconds: Math.round((parts.clock.monotonic() - started) / 1000),
      });
    }
    if (pathname === "/ready") {
      const readiness = await parts.readiness();
      return json(readiness, readiness.ready ? 200 : 503);
    }
    if (pathname === "/metrics") return text(renderMetrics(await parts.metrics()), METRICS_TYPE);
    if (pathname === "/api" || pathname.startsWith("/api/")) return await api(request, pathname);
    const page = await parts.fallback?.(request);
    if (page !== undefined) return page;
    throw new HttpError(
      404,
      "NOT_FOUND",
      `There is nothing at ${pathname}; the API is described at /api/openapi.json`,
    );
  };

  const api = async (request: Request, pathname: string): Promise<Response> => {
    if (parts.token !== undefined) await requireToken(request, parts.token);
    const { table, document } = await (loading ??= loadApi(parts));
    if (pathname === "/api/openapi.json") return json(document);
    const allowed: string[] = [];
    for (const { route, pattern } of table) {
      const match = pattern.exec({ pathname });
      if (match === null) continue;
      if (route.method !== request.method) {
        allowed.push(route.method);
        continue;
      }
      const params = Object.fromEntries(
        Object.entries(match.pathname.groups).map(([name, value]) => [name, decoded(value ?? "")]),
      );
      const call = await readCall(route, request, { params, clock: parts.clock });
      return json(await route.handle(call), route.status ?? 200);
    }
    if (allowed.length === 0) {
      throw new HttpError(404, "NOT_FOUND", `The API has no ${pathname}; see /api/openapi.json`);
    }
    const response = problem(
      new HttpError(
        405,
        "METHOD_NOT_ALLOWED",
        `${pathname} takes ${allowed.join(", ")}, not ${request.method}`,
      ),
    );
    response.headers.set("allow", allowed.join(", "));
    return response;
  };

  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      const response = problem(error);
      if (response.status === 401) response.headers.set("www-authenticate", "Bearer");
      if (response.status >= 500) parts.onError?.(error, request);
      return response;
    }
  };
}

interface Api {
  readonly table: readonly { readonly route: Route; readonly pattern: URLPattern }[];
  readonly document: unknown;
}

// The Host header is a part of it, and may be anything.
function pathOf(request: Request): string {
  try {
    return new URL(request.url).pathname;
  } catch {
    throw new HttpError(400, "INVALID_REQUEST", "The Host header and the path are no address");
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(
      400,
      "INVALID_REQUEST",
      `"${part}" in the path is not encoded right: write a percent sign as %25`,
    );
  }
}

async function loadApi({ routes, version }: HttpParts): Promise<Api> {
  const loaded = await routes();
  const { openApi } = await import("./openapi.ts");
  return {
    table: loaded.map((route) => ({ route, pattern: new URLPattern({ pathname: route.path }) })),
    document: openApi(loaded, version),
  };
}
