/** A TCP proxy whose connections can be cut, as networks cut them: without a word to either side. */
export interface Proxy extends AsyncDisposable {
  /** The port on loopback. */
  readonly port: number;
  /** How many connections were cut so far. */
  readonly cuts: number;
  /** Cuts every connection that is open now. */
  cut(): void;
  /** Lets nothing through any more on the connections that are open now, and says nothing: a black hole. */
  silence(): void;
  /** Sends those that connect from now on to another port. */
  turnTo(port: number): void;
}

/** Listens on a free port and forwards to another one; what the server answers takes so much longer. */
export function startProxy(port: number, answerMs = 0): Proxy {
  let target = port;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const silent = new Set<Deno.Conn>();
  let cuts = 0;

  const close = (conn: Deno.Conn): void => {
    if (!open.delete(conn)) return;
    try {
      conn.close();
    } catch { /* closed from the other side */ }
  };
  const forward = async (from: Deno.Conn, to: Deno.Conn, delayMs: number): Promise<void> => {
    const late = new TransformStream<Uint8Array, Uint8Array>({
      transform: async (chunk, controller) => {
        if (silent.has(from)) return;
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        controller.enqueue(chunk);
      },
    });
    await from.readable.pipeThrough(late).pipeTo(to.writable, { preventClose: true }).catch(() => {});
    // The other side of a black hole hears of no end, either.
    if (!silent.has(from)) close(to);
    close(from);
  };
  const accept = async (client: Deno.Conn): Promise<void> => {
    open.add(client);
    try {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: target });
      open.add(server);
      await Promise.all([forward(client, server, 0), forward(server, client, answerMs)]);
    } catch {
      close(client);
    }
  };
  const listening = (async () => {
    for await (const client of listener) void accept(client);
  })();

  const cut = (): void => {
    cuts += open.size;
    for (const conn of [...open]) close(conn);
  };
  return {
    port: listener.addr.port,
    get cuts() {
      return cuts;
    },
    cut,
    turnTo: (other) => target = other,
    silence: () => open.forEach((conn) => silent.add(conn)),
    [Symbol.asyncDispose]: async () => {
      listener.close();
      cut();
      await listening;
    },
  };
}
