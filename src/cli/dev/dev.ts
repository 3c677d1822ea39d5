import { systemClock } from "../../runtime/clock.ts";
import { connect } from "../../db/connect.ts";
import type { Database } from "../../db/database.ts";
import { openEmbedded } from "../../db/embedded.ts";
import { install } from "../../db/install.ts";
import { serveDatabase } from "../../db/sharing/serve.ts";
import { CliError } from "../cli_error.ts";
import type { Call } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { count } from "../format.ts";
import { nearPath } from "../flow/read_flows.ts";
import { howToType } from "../how_to_type.ts";
import { flowPlaces, taskModules } from "../project.ts";
import { placeOfTarget, type Target, targetOf } from "../target.ts";
import { Spinner } from "../spinner.ts";
import { nothingToDo, workerOptions } from "../worker_options.ts";
import { heedStrays, tellStray } from "../stray_errors.ts";
import { Account } from "./account.ts";
import { hearConsole } from "./console.ts";
import { DevClock } from "./dev_clock.ts";
import { DevApp } from "./dev_app.ts";
import { exampleOf } from "./example.ts";
import { serveDev } from "./serve_dev.ts";
import { LiveLines } from "./live_lines.ts";
import { readState, removeState, writeState } from "./state_file.ts";
import { watchFiles } from "./watch_files.ts";

/** What `rhythm dev` takes. */
export interface DevFlags {
  flows?: string[];
  tasks?: string[];
  queues?: string[];
  concurrency?: number;
  port?: number;
  watch: boolean;
}

/** Runs everything in one process until Ctrl-C. */
export async function dev(call: Call<DevFlags>): Promise<number> {
  const { terminal, options } = call;
  const { signal } = call;
  const target = await targetOf(options);
  const { project } = target;
  await refuseSecond(project.root);
  const flows = await flowPlaces(project, options.flows);
  const modules = await taskModules(project, options.tasks);
  if (flows.length === 0 && modules.length === 0) throw nothingToDo(project.root);
  // A task's stray error does not end what runs beside it.
  using _strays = heedStrays((error) => account.trouble(tellStray(error)));
  const port = options.port ?? project.config.port;
  const worker = workerOptions(project, options);
  const database = await openDevDatabase(target, call);
  const lines = new LiveLines(terminal);
  const account = new Account(terminal, lines, { json: call.json, root: project.root });
  // What tasks write must not tear the lines apart.
  using _console = hearConsole((said) => account.say(said), { colors: terminal.colours });
  const token = Deno.env.get("RHYTHM_TOKEN") || systemClock.uuid();
  const link = systemClock.uuid();
  const place = placeOfTarget(target);
  const clock = place.kind === "embedded"
    ? await DevClock.open(database, { dataDir: place.at, schema: target.schema })
    : undefined;
  const app = new DevApp({
    clock,
    database,
    links: new Set([link]),
    target,
    flows,
    modules,
    account,
    terminal,
    token,
    worker,
  });
  try {
    await app.load();
    await using server = serveDev({ app, port });
    await using served = serveDatabase(database);
    const ready = Promise.withResolvers<void>();
    const watching = options.watch
      ? watchFiles(project.root, {
        onChange: (paths) => app.change(paths),
        onReady: ready.resolve,
        signal,
      }).catch((error) => {
        const { paint } = terminal;
        account.tell(`${paint("warn", "warning:")} changes are not seen: ${(error as Error).message}`);
        ready.resolve();
      })
      : undefined;
    // If it was told to stop meanwhile, it watches nothing, and is never ready.
    if (watching !== undefined) await Promise.race([ready.promise, aborted(signal)]);
    await writeState(project.root, {
      pid: Deno.pid,
      url: server.url,
      token,
      database: database.url,
      schema: target.schema,
      served: { port: served.port, token: served.token },
    });
    if (!call.json) {
      banner({ call, database, app, url: server.url, link }).forEach((line) => account.tell(line));
    }
    await aborted(signal);
    account.tell(terminal.paint("quiet", "stopping: handlers may finish; Ctrl-C again ends at once"));
    await watching;
    await app.stop();
  } finally {
    account.close();
    lines.close();
    await removeState(project.root);
    await app.stop();
    await database.close();
  }
  return EXIT.ok;
}

async function refuseSecond(root: string): Promise<void> {
  const running = await readState(root);
  if (running === undefined) return;
  throw new CliError(`rhythm dev runs here already: process ${running.pid}, ${running.url}`, {
    exit: EXIT.no,
    code: "ALREADY_RUNNING",
    hint: `other commands find it by themselves; \`kill ${running.pid}\` ends it`,
  });
}

async function openDevDatabase(target: Target, call: Call): Promise<Database> {
  const place = placeOfTarget(target);
  using _spinner = new Spinner(call.terminal, () => "opening the database").start();
  const database = place.kind === "server"
    ? connect({
      url: place.at,
      listenUrl: place.listenAt,
      maxConnections: 5,
      connectTimeoutMs: 5_000,
      applicationName: "rhythm dev",
    })
    : await openEmbedded({ dataDir: place.at, schema: target.schema });
  try {
    await install(database, { schema: target.schema });
    return database;
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
}

function banner(
  { call, database, app, url, link }: {
    call: Call;
    database: Database;
    app: DevApp;
    url: string;
    link: string;
  },
): string[] {
  const { paint } = call.terminal;
  const row = (name: string, text: string): string => `  ${paint("quiet", name.padEnd(9))} ${text}`;
  const where = database.kind === "embedded"
    ? `embedded, in ${nearPath(database.url.replace(/^embedded:/, ""))} (RHYTHM_DATABASE_URL names a server)`
    : database.url;
  const first = app.flowNames[0];
  return [
    paint("bold", "rhythm dev"),
    row("database", where),
    row("dashboard", `${url}/#${link} ${paint("quiet", "(lets one browser in)")}`),
    row("http", `${url} ${paint("quiet", "(token in .rhythm/dev.json)")}`),
    row(
      "flows",
      app.flowNames.length === 0 ? "none" : `${count(app.flowNames.length, "flow")}: ${some(app.flowNames)}`,
    ),
    row(
      "tasks",
      app.taskNames.length === 0 ? "none" : `${count(app.taskNames.length, "task")}: ${some(app.taskNames)}`,
    ),
    ...(first === undefined
      ? []
      : ["", "  In a second terminal:", `  ${howToType()} start ${first}${inputsOf(app, first)}`]),
    "",
  ];
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(", ");
  return names.length > 10 ? `${shown} … and ${names.length - 10} more` : shown;
}

// Inputs that its schema allows, quoted for a shell: the line can be typed as it stands.
function inputsOf(app: DevApp, flow: string): string {
  const inputs = JSON.stringify(exampleOf(app.inputOf(flow)));
  return inputs === "{}" ? "" : ` '${inputs.replaceAll("'", `'\\''`)}'`;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
