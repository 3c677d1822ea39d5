/**
 * The HTTP server of a process. It closes connections on which a request is only half sent, and takes so many at most, so
 * that clients that send nothing cannot keep others out.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

/** How long the headers of a request, and a connection without one, may take. */
export const HEADERS_MS = 10_000;

/** How many connections a server has at once. */
export const CONNECTIONS = 1_000;

/** Where a server listens, and within which limits. */
export interface ServeOptions {
  /** The port; 0: any that is free. */
  readonly port: number;
  /** The address. */
  readonly hostname: string;
  /** How long headers may take. Default: {@linkcode HEADERS_MS}. */
  readonly headersMs?: number;
  /** How many connections there may be. Default: {@linkcode CONNECTIONS}. */
  readonly connections?: number;
}

/** A server that listens. */
export interface HttpServer {
  /** Its address. */
  readonly hostname: string;
  /** Its port. */
  readonly port: number;
  /** Takes no more requests, and resolves once those under way are answered. */
  shutdown(): Promise<void>;
}

/**
 * Begins to listen.
 *
 * @param handler answers requests
 * @param options where, and within which limits
 * @throws {Error} the port is taken, or not allowed
 */
export async function serveHttp(
  handler: (request: Request) => Response | Promise<Response>,
  { port, hostname, headersMs = HEADERS_MS, connections = CONNECTIONS }: ServeOptions,
): Promise<HttpServer> {
  const limits = {
    headersTimeout: headersMs,
    keepAliveTimeout: headersMs,
    // A body has a limit of its own, and what waits for an answer has none.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, headersMs),
  };
  const server = createServer(limits, (incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.maxConnections = connections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    hostname: address.address,
    port: address.port,
    shutdown: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

async function answer(
  handler: (request: Request) => Response | Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const request = requestOf(incoming, gone.signal);
  const response = request === undefined
    ? new Response("Bad Request", { status: 400 })
    : await handler(request);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) headers[name] = value;
  // What was not read of the request would be taken for the next one.
  if (!incoming.complete) headers.connection = "close";
  outgoing.writeHead(response.status, headers);
  if (response.body !== null && incoming.method !== "HEAD") {
    for await (const chunk of response.body) {
      if (gone.signal.aborted) break;
      if (!outgoing.write(chunk)) await drained(outgoing, gone.signal);
    }
  }
  outgoing.end();
}

// Nothing: its host, path or method is none.
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = "GET", url = "/", headers } = incoming;
  try {
    const given = Object.entries(headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one])
    );
    const body = method === "GET" || method === "HEAD"
      ? null
      : Readable.toWeb(incoming) as unknown as ReadableStream<Buffer<ArrayBuffer>>;
    return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), {
      method,
      headers: given,
      body,
      signal,
    });
  } catch {
    return undefined;
  }
}

async function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    outgoing.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
