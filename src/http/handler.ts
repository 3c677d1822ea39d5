import type { Clock } from "../runtime/clock.ts";
import { ADDRESSES, type Addresses, answerAddress } from "./address.ts";
import { Access, type Caller, type FoundToken, SHARED } from "./access.ts";
import { withoutValues } from "./hidden.ts";
import { type MetricFamily, METRICS_TYPE, renderMetrics } from "./prometheus.ts";
import type { PageReads } from "./read_model.ts";
import { Accepted, HttpError, json, problem, text } from "./respond.ts";
import { mayDo, refusal, RIGHTS, rightsOfPage, type Role } from "./rights.ts";
import { readCall, readJson, type Route, type RouteCall } from "./route.ts";
import type { Page, Watched } from "./watched.ts";

/** Answers a request. */
export type Handler = (request: Request, place?: HandlerPlace) => Promise<Response>;

/** Where a server has put the handler. */
export interface HandlerPlace {
  /** The path before all of its paths: `/rhythm`. Default: none. */
  readonly basePath?: string;
}

/** The dashboard, as a handler sees it. */
export interface DashboardParts {
  /** What its pages read. */
  readonly reads: PageReads;
  /** What its viewers share: the owner closes it. */
  readonly watched: Watched;
  /** Codes that each let one browser in, once. */
  readonly links?: Set<string>;
  /** What only `rhythm dev` has. */
  readonly dev?: DevParts;
  /** What the pages are told of where they are. */
  readonly about: Readonly<Record<string, string>>;
  /** A file of the pages; nothing: there is none. */
  readonly file: (request: Request, path: string, basePath: string) => Promise<Response | undefined>;
}

/** Operations that only `rhythm dev` has, for callers on this machine with its own token. They are not in the OpenAPI document. */
export interface DevParts {
  /** Below `/api/dev/`. */
  readonly routes: () => Promise<readonly Route[]>;
  /** The page `dev`. */
  readonly page: Page;
}

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
  /** A token that may do everything; without it: everybody who reaches the listener may. */
  readonly token?: string;
  /** Looks up a token of the database by its SHA-256 hash. */
  readonly findToken?: (hash: string) => Promise<FoundToken | null>;
  /** Does something for a person, under whose name it is recorded. */
  readonly as?: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Measures how long the process has run, and how long a body takes. Says when sessions end. */
  readonly clock: Pick<Clock, "now" | "monotonic" | "after">;
  /** The library's version. */
  readonly version: string;
  /** Addresses that send a signal; without it: none. */
  readonly addresses?: Addresses;
  /** The dashboard; without it: none. */
  readonly dashboard?: DashboardParts;
  /** Told about what failed without being the caller's fault. */
  readonly onError?: (error: unknown, request: Request) => void;
}

/**
 * The HTTP surface as one function from request to response, for `Deno.serve` or any other server.
 *
 * `/health`, `/ready` and `/metrics` are open, and `/signals/…` needs only its address; `/api/…` asks for the token, if there is one.
 *
 * @param parts what it needs
 * @returns the handler
 */
export function createHandler(parts: HttpParts): Handler {
  let loading: Promise<Api> | undefined;
  let loadingDev: Promise<Api["table"]> | undefined;
  const started = parts.clock.monotonic();
  const { dashboard } = parts;
  const access = new Access({
    clock: parts.clock,
    ...(parts.token === undefined ? {} : { token: parts.token }),
    ...(parts.findToken === undefined ? {} : { findToken: parts.findToken }),
    ...(dashboard?.links === undefined ? {} : { links: dashboard.links }),
  });

  const answer = async (request: Request, mounted: string): Promise<Response> => {
    const { pathname, basePath } = placeOf(request, mounted);
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
    if (dashboard !== undefined && pathname === "/api/session") return await session(request, basePath);
    if (pathname === "/api" || pathname.startsWith("/api/")) return await api(request, pathname);
    if (parts.addresses !== undefined && pathname.startsWith(ADDRESSES)) {
      const token = pathname.slice(ADDRESSES.length);
      return await answerAddress(request, { token, addresses: parts.addresses, clock: parts.clock });
    }
    const file = await dashboard?.file(request, pathname, basePath);
    if (file !== undefined) return file;
    throw new HttpError(
      404,
      "NOT_FOUND",
      `There is nothing at ${pathname}; the API is described at /api/openapi.json`,
    );
  };

  const session = async (request: Request, basePath: string): Promise<Response> => {
    const isSecure = new URL(request.url).protocol === "https:" ||
      request.headers.get("x-forwarded-proto") === "https";
    const place = { path: basePath === "" ? "/" : basePath, isSecure };
    if (request.method === "POST") {
      const cookie = await access.begin(secretIn(await readJson(request, parts.clock)), place);
      const response = json({ ok: true }, 201);
      response.headers.set("set-cookie", cookie);
      return response;
    }
    if (request.method === "DELETE") {
      const response = json({ ok: true });
      response.headers.set("set-cookie", await access.end(place));
      return response;
    }
    if (request.method !== "GET") return notAllowed(request, "/api/session", ["GET", "POST", "DELETE"]);
    // Nobody yet is no fault: pages ask before anybody has logged in.
    const caller = await access.callerOf(request).catch((error) => {
      if (error instanceof HttpError) return null;
      throw error;
    });
    if (caller === null) return json(null);
    const { name, role, metadataOnly } = caller;
    return json({ name, role, metadataOnly, version: parts.version, ...dashboard!.about });
  };

  const api = async (request: Request, pathname: string): Promise<Response> => {
    const caller = await access.callerOf(request);
    if (dashboard !== undefined && request.method === "GET") {
      if (pathname.startsWith("/api/pages/")) return await onePage(request, pathname, { dashboard, caller });
      if (pathname === "/api/live") return await live(request, { dashboard, caller, access });
    }
    if (dashboard?.dev !== undefined && pathname.startsWith("/api/dev/")) {
      refuseOthers(request, caller);
      return await call(request, { pathname, caller, table: await (loadingDev ??= tableOf(dashboard.dev)) });
    }
    const { table, document } = await (loading ??= loadApi(parts));
    if (pathname === "/api/openapi.json") return json(document);
    return await call(request, { pathname, caller, table });
  };

  const call = async (
    request: Request,
    { pathname, caller, table }: { pathname: string; caller: Caller; table: Api["table"] },
  ): Promise<Response> => {
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
      refuseWithoutRight(caller, RIGHTS.get(route.operation) ?? []);
      if (ONLY_VALUES.has(route.operation)) refuseWithoutValues(caller);
      const call = forCaller(await readCall(route, request, { params, clock: parts.clock }), caller);
      const isNamed = route.method !== "GET" &&
        (caller.through === "session" || !STARTS.has(route.operation));
      const done = isNamed && parts.as !== undefined
        ? await parts.as(caller.name, () => route.handle(call))
        : await route.handle(call);
      if (route.method !== "GET") dashboard?.watched.forget();
      if (route.operation === "revokeToken") access.forget();
      const isAccepted = done instanceof Accepted;
      const value = isAccepted ? done.value : done;
      const response = json(
        caller.metadataOnly ? withoutValues(value) : value,
        isAccepted ? 202 : route.status ?? 200,
      );
      if (isAccepted) response.headers.set("location", done.location);
      return response;
    }
    if (allowed.length === 0) {
      throw new HttpError(404, "NOT_FOUND", `The API has no ${pathname}; see /api/openapi.json`);
    }
    return notAllowed(request, pathname, allowed);
  };

  return async (request, { basePath = "" } = {}) => {
    try {
      return await answer(request, basePath);
    } catch (error) {
      const response = problem(error);
      if (response.status === 401) response.headers.set("www-authenticate", "Bearer");
      if (response.status >= 500) parts.onError?.(error, request);
      return response;
    }
  };
}

function refuseWithoutRight(caller: Caller, needed: readonly Role[]): void {
  if (!mayDo(caller.role, needed)) throw new HttpError(403, "FORBIDDEN", refusal(caller, needed));
}

// They read and write files of a project. A name of another site may lead here, and tokens of the database are for its work.
function refuseOthers(request: Request, caller: Caller): void {
  const { hostname, host } = new URL(request.url);
  const origin = request.headers.get("origin");
  if (!LOCAL.has(hostname) || (origin !== null && URL.parse(origin)?.host !== host)) {
    throw new HttpError(
      403,
      "OTHER_SITE",
      "Files and the clock of rhythm dev are for this machine alone: open http://127.0.0.1",
    );
  }
  if (caller.name === SHARED) return;
  throw new HttpError(
    403,
    "FORBIDDEN",
    `This needs the token of rhythm dev itself; "${caller.name}" is a token of the database`,
  );
}

const LOCAL: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

// A token of the database has a name, and acts under no other.
function forCaller(call: RouteCall, caller: Caller): RouteCall {
  const { query, body, params } = call;
  const filter = (body as { filter?: { variables?: unknown } } | undefined)?.filter;
  if (query.variables !== undefined || filter?.variables !== undefined) refuseWithoutValues(caller);
  if (caller.name === SHARED || typeof body !== "object" || body === null || !("by" in body)) return call;
  return {
    ...{ params, query, body: { ...body, by: caller.name } },
    get signal(): AbortSignal {
      return call.signal;
    },
  };
}

// Finding executions by a value tells the value.
function refuseWithoutValues(caller: Caller): void {
  if (!caller.metadataOnly) return;
  throw new HttpError(
    403,
    "FORBIDDEN",
    `"${caller.name}" is for metadata only: it may not see values, nor find executions by them`,
  );
}

// What is of no use without values, or in which they cannot be told.
const ONLY_VALUES: ReadonlySet<string> = new Set(["exportExecution", "runQuery"]);

// Programs start executions all day. The executions themselves are the record.
const STARTS: ReadonlySet<string> = new Set(["startWorkflow", "queueTask", "askWorkflow"]);

async function pageFor(
  key: string,
  { request, caller, dashboard }: { request: Request; caller: Caller; dashboard: DashboardParts },
): Promise<Page> {
  if (key === "dev" && dashboard.dev !== undefined) {
    refuseOthers(request, caller);
    return dashboard.dev.page;
  }
  const { reads } = dashboard;
  const { pageOf } = await import("./pages.ts");
  const [path = "", search = ""] = key.split("?");
  refuseWithoutRight(caller, rightsOfPage(path.split("/")[0]!));
  if (new URLSearchParams(search).has("variables")) refuseWithoutValues(caller);
  return pageOf(key, reads);
}

async function onePage(
  request: Request,
  pathname: string,
  { dashboard, caller }: { dashboard: DashboardParts; caller: Caller },
): Promise<Response> {
  const key = pathname.slice("/api/pages/".length) + new URL(request.url).search;
  const shown = await dashboard.watched.read(key, await pageFor(key, { request, caller, dashboard }));
  return json(caller.metadataOnly ? withoutValues(shown) : shown);
}

async function live(
  request: Request,
  { dashboard, caller, access }: {
    dashboard: DashboardParts;
    caller: Caller;
    access: Access;
  },
): Promise<Response> {
  const keys = new URL(request.url).searchParams.getAll("page").slice(0, MOST_PAGES);
  const pages = new Map<string, Page>();
  for (const key of keys) pages.set(key, await pageFor(key, { request, caller, dashboard }));
  return new Response(dashboard.watched.watch(pages, () => access.isStill(caller, request)), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store, no-transform" },
  });
}

function secretIn(body: unknown): { token: string } | { link: string } {
  if (typeof body === "object" && body !== null) {
    if ("token" in body && typeof body.token === "string") return { token: body.token };
    if ("link" in body && typeof body.link === "string") return { link: body.link };
  }
  throw new HttpError(400, "INVALID_REQUEST", "The body must be { token } or { link }");
}

function notAllowed(request: Request, pathname: string, allowed: readonly string[]): Response {
  const response = problem(
    new HttpError(
      405,
      "METHOD_NOT_ALLOWED",
      `${pathname} takes ${allowed.join(", ")}, not ${request.method}`,
    ),
  );
  response.headers.set("allow", allowed.join(", "));
  return response;
}

// One for the page, one for the frame around it, and a few.
const MOST_PAGES = 5;

interface Api {
  readonly table: readonly { readonly route: Route; readonly pattern: URLPattern }[];
  readonly document: unknown;
}

// A proxy that strips a prefix says which. Only the caller sees what it changes, so anybody may say it.
function placeOf(request: Request, mounted: string): { pathname: string; basePath: string } {
  const pathname = pathOf(request, mounted);
  const said = request.headers.get("x-forwarded-prefix")?.replace(/\/+$/, "");
  if (mounted !== "" || said === undefined || !/^(\/[\w.~-]+)+$/.test(said)) {
    return { pathname, basePath: mounted };
  }
  const isKept = pathname === said || pathname.startsWith(`${said}/`);
  return { pathname: isKept ? pathname.slice(said.length) || "/" : pathname, basePath: said };
}

// The Host header is a part of it, and may be anything.
function pathOf(request: Request, basePath: string): string {
  let pathname: string;
  try {
    pathname = new URL(request.url).pathname;
  } catch {
    throw new HttpError(400, "INVALID_REQUEST", "The Host header and the path are no address");
  }
  if (basePath === "") return pathname;
  if (pathname === basePath || pathname.startsWith(`${basePath}/`)) {
    return pathname.slice(basePath.length) || "/";
  }
  throw new HttpError(404, "NOT_FOUND", `There is nothing at ${pathname}; everything is below ${basePath}/`);
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
  return { table: patternsOf(loaded), document: openApi(loaded, version) };
}

async function tableOf({ routes }: DevParts): Promise<Api["table"]> {
  return patternsOf(await routes());
}

function patternsOf(routes: readonly Route[]): Api["table"] {
  return routes.map((route) => ({ route, pattern: new URLPattern({ pathname: route.path }) }));
}
