import { readEnvironment, readToken } from "../app/environment.ts";
import { Rhythm } from "../app/rhythm.ts";
import { type HttpServer, serveHttp } from "../runtime/serve.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { readState } from "./dev/state_file.ts";
import { EXIT } from "./exit_codes.ts";
import { placeOfTarget, targetOf } from "./target.ts";

const USUAL_PORT = 8642;

/** What `rhythm dashboard` takes. */
export interface DashboardFlags {
  port?: number;
  hostname?: string;
}

/** Serves the dashboard until it is told to stop. It runs nothing, and can do what the role of its connection can. */
export async function dashboard(call: Call<DashboardFlags>): Promise<number> {
  const { options, terminal } = call;
  const { port, hostname = "127.0.0.1" } = options;
  const target = await targetOf(options);
  const place = placeOfTarget(target);
  const running = place.kind === "embedded" ? await readState(target.project.root) : undefined;
  if (running !== undefined) {
    throw new CliError(`rhythm dev serves it already: ${running.url}`, {
      exit: EXIT.no,
      code: "ALREADY_RUNNING",
      hint: "the token is in .rhythm/dev.json",
    });
  }
  const environment = readEnvironment() ?? target.project.config.environment;
  await using rhythm = await Rhythm.init({
    databaseUrl: target.url ?? place.at,
    schema: target.schema,
    autoMigrate: false,
    ...(environment === undefined ? {} : { environment }),
    log: { level: "warn" },
  });
  const answer = (request: Request): Promise<Response> => rhythm.fetch(request);
  const server = listenSomewhere((at) => serveHttp(answer, { port: at, hostname }), port);
  const url = `http://${server.hostname}:${server.port}`;
  if (call.json) terminal.print(JSON.stringify({ url }));
  else {
    terminal.print(`dashboard  ${terminal.paint("bold", url)}`);
    terminal.print(`token      ${tokenToTell(rhythm)}`);
  }
  await aborted(call.signal);
  // Pages that are open hold a request: they end with the application.
  await rhythm.close();
  await server.shutdown();
  return EXIT.ok;
}

// Only a person at a terminal is told: what is written elsewhere may be stored.
function tokenToTell(rhythm: Rhythm): string {
  if (readToken() !== undefined) return "as RHYTHM_TOKEN says";
  return Deno.stdout.isTerminal() ? rhythm.token : "made by chance: set RHYTHM_TOKEN to know it";
}

function listenSomewhere(listen: (port: number) => HttpServer, wanted: number | undefined): HttpServer {
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

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
