import { systemClock } from "../../runtime/clock.ts";
import { CliError } from "../cli_error.ts";
import { EXIT } from "../exit_codes.ts";
import type { DevApp } from "./dev_app.ts";

const USUAL_PORT = 8642;

/** The HTTP of `rhythm dev`. */
export interface DevServer extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
}

/** Serves the application's HTTP, on this machine alone. */
export function serveDev({ app, port }: { app: DevApp; port: number | undefined }): DevServer {
  const answer = (request: Request): Promise<Response> => app.answer(request);
  const listen = (wanted: number): Deno.HttpServer<Deno.NetAddr> =>
    Deno.serve({ port: wanted, hostname: "127.0.0.1", onListen: () => {} }, answer);
  const server = listenSomewhere(listen, port);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      // Followers hold their connections open: they are not waited for.
      await Promise.race([server.shutdown(), systemClock.sleep(200)]);
    },
  };
}

function listenSomewhere(
  listen: (port: number) => Deno.HttpServer<Deno.NetAddr>,
  wanted: number | undefined,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return listen(wanted ?? USUAL_PORT);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    if (wanted === undefined) return listen(0);
    throw new CliError(`port ${wanted} is taken by another process`, {
      exit: EXIT.no,
      code: "PORT_TAKEN",
      hint: "--port 0 takes a free one",
    });
  }
}
