/** A line to a server that can fall silent: connections stay open, and nothing comes through any more. */
export interface Line extends AsyncDisposable {
  /** The server's URL, over the line. */
  readonly url: string;
  /** From now on nothing comes through. */
  freeze(): void;
  /** Everything comes through again, what was held up first. */
  thaw(): void;
}

/** Listens on a free port, and forwards to a server. */
export function startLine(url: string): Line {
  const server = new URL(url);
  const over = new URL(url);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  over.hostname = "127.0.0.1";
  over.port = String(listener.addr.port);
  let open = Promise.withResolvers<void>();
  open.resolve();
  const forward = async (from: Deno.Conn, to: Deno.Conn): Promise<void> => {
    const gate = new TransformStream<Uint8Array, Uint8Array>({
      transform: async (chunk, controller) => {
        await open.promise;
        controller.enqueue(chunk);
      },
    });
    await from.readable.pipeThrough(gate).pipeTo(to.writable).catch(() => {});
  };
  const listening = (async () => {
    for await (const client of listener) {
      const port = Number(server.port || 5432);
      const there = await Deno.connect({ hostname: server.hostname, port });
      void forward(client, there);
      void forward(there, client);
    }
  })();
  return {
    url: over.href,
    freeze: () => void (open = Promise.withResolvers()),
    thaw: () => open.resolve(),
    [Symbol.asyncDispose]: async () => {
      open.resolve();
      listener.close();
      await listening;
    },
  };
}
