import { systemClock } from "../runtime/clock.ts";
import { ClientCore } from "../client/core.ts";
import { Executions } from "../client/executions.ts";
import { Failures } from "../client/failures.ts";
import { Gates } from "../client/gates.ts";
import type { Flows } from "../client/flows.ts";
import { Operations } from "../client/operations.ts";
import { Queues } from "../client/queues.ts";
import { Schedules } from "../client/schedules.ts";
import { Signals } from "../client/signals.ts";
import { Tokens } from "../client/tokens.ts";
import { Workers } from "../client/workers.ts";
import type { Database } from "../db/database.ts";
import type { EngineRef } from "../db/calls/engine_ref.ts";
import { CliError } from "./cli_error.ts";
import type { CommonOptions } from "./command.ts";
import { readState } from "./dev/state_file.ts";
import { EXIT } from "./exit_codes.ts";
import { placeOfTarget, type Target, targetOf } from "./target.ts";

/** A database that was opened for a command, and everything one does with it. */
export class Session implements AsyncDisposable {
  /** The database. */
  readonly database: Database;
  /** The engine in it. */
  readonly engine: EngineRef;
  /** What the services share. */
  readonly core: ClientCore;
  /** Executions. */
  readonly executions: Executions;
  /** Operations on many executions. */
  readonly operations: Operations;
  /** Failures by their kind. */
  readonly failures: Failures;
  /** Gates. */
  readonly gates: Gates;
  /** Queues. */
  readonly queues: Queues;
  /** Schedules. */
  readonly schedules: Schedules;
  /** Signals. */
  readonly signals: Signals;
  /** Tokens. */
  readonly tokens: Tokens;
  /** Workers. */
  readonly workers: Workers;

  /** @param database the database @param schema the engine's schema */
  constructor(database: Database, schema: string) {
    this.database = database;
    this.engine = { on: database, schema };
    this.core = new ClientCore({ database, schema, clock: systemClock });
    this.executions = new Executions(this.core);
    this.operations = new Operations(this.core);
    this.failures = new Failures(this.core);
    this.gates = new Gates(this.core);
    this.queues = new Queues(this.core);
    this.schedules = new Schedules(this.core);
    this.signals = new Signals(this.core);
    this.tokens = new Tokens(this.core);
    this.workers = new Workers(this.core);
  }

  /** Flows; the language is loaded only now. */
  async flows(): Promise<Flows> {
    const { Flows } = await import("../client/flows.ts");
    return new Flows(this.core);
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.core.close();
    await this.database.close();
  }
}

/**
 * Opens the database of a command: the one that was named, else that of the `rhythm dev` that runs here, else the
 * embedded one of this project.
 *
 * @param options the command's options
 * @throws {CliError} there is none
 */
export async function openSession(options: CommonOptions): Promise<Session> {
  const target = await targetOf(options);
  const running = await readState(target.project.root);
  if (running !== undefined && isThatOne(target, running.database)) {
    const { database, schema } = running;
    // It is shared: this command goes on, should rhythm dev end meanwhile.
    if (database.startsWith(EMBEDDED)) {
      const { openEmbedded } = await import("../db/embedded.ts");
      const shared = await openEmbedded({ dataDir: database.slice(EMBEDDED.length) });
      return new Session(shared, options.schema ?? schema);
    }
    const { RemoteDatabase } = await import("../db/sharing/remote.ts");
    const remote = await RemoteDatabase.connect(running.served, {
      kind: database.startsWith("postgres") ? "server" : "embedded",
      url: `${database} (through rhythm dev, process ${running.pid})`,
    });
    return new Session(remote, options.schema ?? schema);
  }
  return new Session(await openDirectly(target), target.schema);
}

const EMBEDDED = "embedded:";

async function openDirectly(target: Target): Promise<Database> {
  const place = placeOfTarget(target);
  if (place.kind === "server") {
    const { connect } = await import("../db/connect.ts");
    return connect({ url: place.at, listenUrl: place.listenAt, maxConnections: 3, connectTimeoutMs: 5_000 });
  }
  if (place.at === "memory://") throw noDatabase(place.at, target);
  const { hasCluster } = await import("../db/embedded_engine.ts");
  // A command that only looks must not make a database: the directory may hold other files.
  if (!await hasCluster(place.at)) throw noDatabase(place.at, target);
  const { openEmbedded } = await import("../db/embedded.ts");
  return await openEmbedded({ dataDir: place.at });
}

// The directory that rhythm dev has open stands for its database, because no other process may open it.
function isThatOne(target: Target, database: string): boolean {
  if (target.url === undefined) return true;
  if (/^(postgres(ql)?|memory):\/\//.test(target.url)) return false;
  return database === `${EMBEDDED}${placeOfTarget(target).at}`;
}

function noDatabase(at: string, target: Target): CliError {
  const message = target.url === undefined
    ? `there is no database: no --database, no RHYTHM_DATABASE_URL, and no \`rhythm dev\` has run in ${target.project.root}`
    : `there is no database in ${at}`;
  return new CliError(message, {
    exit: EXIT.noDatabase,
    code: "NO_DATABASE",
    hint: "`rhythm dev` brings one of its own; or name yours: --database postgres://user@host/db",
  });
}
