/**
 * The HTTP server of a process: `Deno.serve` behind a guard. `Deno.serve` waits for the headers of a request without an end, and takes
 * any number of connections. The guard closes connections on which no request is under way for too long, and takes so many
 * at most, so that clients that send nothing cannot keep others out.
 *
 * @module
 */
import { type CancelTimer, systemClock } from "./clock.ts";

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
export function serveHttp(
  handler: (request: Request) => Response | Promise<Response>,
  { port, hostname, headersMs = HEADERS_MS, connections = CONNECTIONS }: ServeOptions,
): HttpServer {
  const listener = Deno.listen({ port, hostname });
  // By the port that the guard has on its way to the server: so a request is known by its connection.
  const open = new Map<number, Guarded>();
  const server = Deno.serve(
    { port: 0, hostname: LOOPBACK, onListen: () => {} },
    async (request, { remoteAddr, completed }) => {
      const guarded = open.get((remoteAddr as Deno.NetAddr).port);
      // What comes without the guard is from no client.
      if (guarded === undefined) return new Response("Not Found", { status: 404 });
      guarded.begin();
      void completed.catch(() => {}).then(() => guarded.end());
      return await handler(request);
    },
  );
  const guards = new Set<Promise<void>>();
  const guard = async (client: Deno.TcpConn): Promise<void> => {
    let guarded: Guarded | undefined;
    try {
      const inner = await Deno.connect({ port: server.addr.port, hostname: LOOPBACK });
      guarded = new Guarded(client, inner, headersMs);
      open.set(inner.localAddr.port, guarded);
      await guarded.pass();
    } catch {
      // One side is gone, or the server is.
      if (guarded === undefined) client.close();
    } finally {
      if (guarded !== undefined) open.delete(guarded.port);
    }
  };
  const listening = (async () => {
    for await (const client of listener) {
      if (guards.size >= connections) client.close();
      else {
        const one = guard(client).finally(() => guards.delete(one));
        guards.add(one);
      }
    }
  })();
  return {
    hostname: listener.addr.hostname,
    port: listener.addr.port,
    shutdown: async () => {
      listener.close();
      await listening.catch(() => {});
      for (const guarded of open.values()) guarded.leave();
      await server.shutdown();
      // The last bytes may still be on their way to a client.
      await Promise.all(guards);
    },
  };
}

const LOOPBACK = "127.0.0.1";
const LAST_MS = 1_000;

/** A client's connection, and the one to the server that stands for it. */
class Guarded {
  /** The port of the connection to the server. */
  readonly port: number;
  readonly #client: Deno.TcpConn;
  readonly #inner: Deno.TcpConn;
  #idleMs: number;
  #underWay = 0;
  /** When something was last passed on to the client. What the client sends is not counted: it may be half a request for ever. */
  #movedAt = systemClock.monotonic();
  #cancel: CancelTimer = () => {};

  constructor(client: Deno.TcpConn, inner: Deno.TcpConn, idleMs: number) {
    this.port = inner.localAddr.port;
    this.#client = client;
    this.#inner = inner;
    this.#idleMs = idleMs;
    this.#wait();
  }

  /** A request is under way. */
  begin(): void {
    this.#underWay++;
    this.#cancel();
  }

  /** It is answered. */
  end(): void {
    this.#movedAt = systemClock.monotonic();
    if (--this.#underWay === 0) this.#wait();
  }

  /** The server ends: it closes what waits for a request. This is for requests that are only half sent. */
  leave(): void {
    this.#idleMs = Math.min(this.#idleMs, LAST_MS);
    this.#cancel();
    if (this.#underWay === 0) this.#wait();
  }

  /** Passes on what comes from either side, until one of them is gone. */
  async pass(): Promise<void> {
    try {
      await Promise.race([
        copy(this.#client, this.#inner),
        copy(this.#inner, this.#client, () => this.#movedAt = systemClock.monotonic()),
      ]);
    } finally {
      this.close();
    }
  }

  /** Ends both connections. */
  close(): void {
    this.#cancel();
    for (const connection of [this.#client, this.#inner]) {
      try {
        connection.close();
      } catch {
        // It is closed already.
      }
    }
  }

  #wait(): void {
    const leftMs = this.#movedAt + this.#idleMs - systemClock.monotonic();
    if (leftMs <= 0) this.close();
    else this.#cancel = systemClock.after(leftMs, () => this.#wait(), { background: true });
  }
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn, moved: () => void = () => {}): Promise<void> {
  const buffer = new Uint8Array(16_384);
  for (;;) {
    const read = await from.read(buffer);
    if (read === null) return;
    for (let at = 0; at < read;) {
      at += await to.write(buffer.subarray(at, read));
      moved();
    }
  }
}
