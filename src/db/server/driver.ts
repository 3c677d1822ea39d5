import { createConnection, type Socket } from "node:net";
import { parse as parseArray } from "postgres-array";
import postgres from "postgres";
import { systemClock } from "../../runtime/clock.ts";
import { readAddress, unreadable } from "./address.ts";
import { type SessionKind, type SessionMode, sessionStatement, transactionStatement } from "./session.ts";
import { takeTls } from "./tls.ts";

/** How to connect to a Postgres server. */
export interface ConnectOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=verify-full&sslrootcert=FILE` over TLS. */
  url: string;
  /** Where to listen, if `url` leads to a pooler in transaction mode, which passes on no notifications. Default: `url`. */
  listenUrl?: string | undefined;
  /** The most connections held open at once, besides one for LISTEN. Default: 10. */
  maxConnections?: number;
  /** Whose sessions they are: a worker's have none of the time limits that a role or a database sets. Default: `client`. */
  session?: SessionKind;
  /**
   * How long an answer may take, of a statement outside of a transaction, of a commit and of a new connection. Then the
   * connection is given up and the call fails as one whose connection was lost. The server ends such a statement a little
   * before. Default: as long as it takes, while the server says that it works on it.
   */
  answerTimeoutMs?: number;
  /** After how long without an answer the server is asked whether it still works on it. Default: 10,000. */
  silenceMs?: number;
  /** Ends any statement that takes longer. Default: what the role says; for a worker none. */
  statementTimeoutMs?: number;
  /** How long to try for a connection before a statement fails. Default: 30,000. */
  connectTimeoutMs?: number;
  /** Closes a connection that was idle for this long. Default: never. */
  idleTimeoutMs?: number;
  /** What `pg_stat_activity` shows. Default: `rhythm`. */
  applicationName?: string;
}

/** The events of a connection. */
export interface ConnectionEvents {
  /** It is gone: lost, idle for too long, or too old. */
  onClose: () => void;
  /** A notification came. */
  onNotify?: (channel: string, payload: string) => void;
}

/** A driver with one connection. */
export interface Driver {
  /** What runs statements. */
  readonly sql: postgres.Sql;
  /**
   * Connects, and makes the session ours. Has to come first.
   *
   * @returns the number of the server's process; nothing behind a pooler that changes it
   */
  begin(): Promise<number | undefined>;
  /** Lets statements under way end, for so many seconds; with none the connection is closed at once, as if it were dead. */
  end(seconds: number): Promise<void>;
}

/** Makes a driver of one connection. */
export type MakeDriver = (events: ConnectionEvents) => Driver;

/** Drivers that lead to one address. */
export interface Drivers {
  readonly make: MakeDriver;
  /** What is known of the sessions that these connections get; nothing before the first of them has begun. */
  readonly mode: SessionMode | undefined;
  /** Notes that sessions are shared: a statement showed it. */
  readonly foundShared: () => void;
  /** What a transaction begins with in a session that is shared. */
  readonly transaction: string;
}

/**
 * Reads where to connect to.
 *
 * A driver (postgres.js 3.4) keeps what it had begun to write and to read when its connection breaks, and goes on with
 * that on the next one, or never again. So each has one connection, and ends with it. Its socket is ours: the driver would
 * close that of a dead connection politely, and wait for an answer until the system gives up, a quarter of an hour later.
 *
 * @param options where and how
 * @returns what makes drivers. A driver connects at its first statement, so send one at once
 * @throws {@linkcode TypeError} when the address cannot be read; it shows nothing of the address
 */
export function driversFor(options: ConnectOptions): Drivers {
  const { base, user, password, query } = readAddress(options.url);
  const tls = takeTls(query);
  const url = query.size === 0 ? base : `${base}?${query}`;
  const connectMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const common = {
    max: 1,
    connect_timeout: connectMs / 1000,
    idle_timeout: options.idleTimeoutMs === undefined ? undefined : options.idleTimeoutMs / 1000,
    keep_alive: KEEP_ALIVE_S,
    // The rejection of the statement that reads the types cannot be caught.
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: options.applicationName ?? "rhythm" },
    types,
    user,
    pass: password,
  };
  const { host: hosts, port: ports, path } = readOptions(url, common);
  const ownSession = sessionStatement(
    options.session ?? "client",
    options.statementTimeoutMs ?? serverLimit(options.answerTimeoutMs),
  );
  // Every server of the address is tried.
  const patienceMs = connectMs * Math.max(1, hosts.length) + 250;
  let turn = 0;
  let mode: SessionMode | undefined;
  const make = ({ onClose, onNotify }: ConnectionEvents): Driver => {
    let socket: Socket | undefined;
    let isOver = false;
    const ssl = tls === undefined ? {} : { ssl: { ...tls } };
    let dials = 0;
    const dial = async (): Promise<Socket> => {
      // If the driver asks again, it did not accept the server, for example because that cannot write.
      if (dials++ > 0) turn++;
      try {
        for (let tries = 1;; tries++) {
          const [host, port] = [hosts[turn % hosts.length]!, ports[turn % hosts.length]!];
          try {
            if (isOver) throw closedError();
            socket = await dialled(path ? { path } : { host, port }, connectMs);
            // The driver would name no host when it is an address, and then any certificate of the authority would do.
            if (ssl.ssl !== undefined) ssl.ssl.host = host;
            if (!isOver) return Object.assign(socket, { host, port });
            socket.destroy();
          } catch (error) {
            turn++;
            if (isOver || path || tries >= hosts.length) throw error;
          }
        }
      } catch (error) {
        // The driver does not report a connection that was never made.
        queueMicrotask(closed);
        throw error;
      }
    };
    const closed = (): void => {
      stopWaiting();
      onClose();
    };
    const end = async (seconds: number): Promise<void> => {
      isOver = true;
      stopWaiting();
      const ended = sql.end({ timeout: seconds });
      if (seconds === 0) socket?.destroy();
      await ended;
      socket?.destroy();
    };
    // If something accepts the connection and closes it at once, as a proxy does in front of a server that is down, the driver
    // would try again for ever. If nothing answers, the driver reports that itself, and gets the time to do so.
    const stopWaiting = systemClock.after(patienceMs, () => void end(0));
    const events = {
      onclose: closed,
      onnotify: onNotify,
      socket: dial,
    };
    // With one server only: the driver keeps errors to itself while there are others.
    const one = { host: [hosts[0]!], port: [ports[0]!], ...(path ? { path } : {}) };
    const sql: postgres.Sql = postgres(url, { ...common, ...one, ...ssl, ...events } as typeof common);
    return {
      sql,
      begin: async () => {
        mode ??= await findMode(sql, make);
        stopWaiting();
        if (mode === "shared") return void await sql.unsafe("select");
        return (await sql.unsafe<Greeting>(ownSession))[0]!.pid;
      },
      end,
    };
  };
  return {
    make,
    get mode(): SessionMode | undefined {
      return mode;
    },
    foundShared: () => void (mode = "shared"),
    transaction: transactionStatement(
      options.session ?? "client",
      options.statementTimeoutMs ?? serverLimit(options.answerTimeoutMs),
    ),
  };
}

type Greeting = { pid: number }[];

const PROCESS = "select pg_catalog.pg_backend_pid() as pid";

/**
 * Behind a pooler in session mode, a process is ours until we close the connection. In transaction mode, another connection gets it
 * meanwhile, or we get another one. If neither is seen, others may have been quicker: then the first statement shows it that does not
 * find what was prepared.
 */
async function findMode(sql: postgres.Sql, make: (events: ConnectionEvents) => Driver): Promise<SessionMode> {
  const first = await sql.unsafe<Greeting>(PROCESS);
  // A pooler tells a number of its own when it greets.
  if ((first as { state?: { pid: number } }).state?.pid === first[0]!.pid) return "own";
  const other = make({ onClose: () => {} });
  const ask = async (on: postgres.Sql): Promise<number> => (await on.unsafe<Greeting>(PROCESS))[0]!.pid;
  // Where the first connection has the last session of the pooler, another one gets none.
  const cancel = systemClock.after(OTHER_MS, () => void other.end(0));
  try {
    for (let look = 0; look < MODE_LOOKS; look++) {
      const [mine, theirs] = [await ask(sql), await ask(other.sql).catch(() => undefined)];
      if (theirs === mine || mine !== first[0]!.pid) return "shared";
      if (theirs === undefined) return "own";
    }
    return "own";
  } finally {
    cancel();
    void other.end(1);
  }
}

const OTHER_MS = 2_000;

const MODE_LOOKS = 5;

// An address that cannot be read is told now, without what `new URL()` says: that has the address in it.
function readOptions(url: string, common: postgres.Options<typeof types>): postgres.ParsedOptions {
  try {
    return postgres(url, common).options;
  } catch (error) {
    throw error instanceof TypeError ? unreadable() : error;
  }
}

function dialled(to: { path: string } | { host: string; port: number }, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(to);
    const fail = (error: Error): void => {
      cancel();
      socket.destroy();
      reject(error);
    };
    const tooLate = timeoutError(`no connection within ${timeoutMs / 1000} s`);
    const cancel = systemClock.after(timeoutMs, () => fail(tooLate));
    socket.once("error", fail);
    socket.once("connect", () => {
      cancel();
      socket.removeListener("error", fail);
      resolve(socket);
    });
  });
}

/** What is said of a connection that is no more. */
export function closedError(): Error {
  return Object.assign(new Error("the connection is closed"), { code: "ECONNABORTED" });
}

/** What is said when there was no answer in time. */
export function timeoutError(message: string): Error {
  return Object.assign(new Error(message), { code: "ETIMEDOUT" });
}

// The server cancels the statement before the client gives up, so that the statement holds no locks then.
function serverLimit(answerTimeoutMs: number | undefined): number | undefined {
  return answerTimeoutMs === undefined ? undefined : Math.round(answerTimeoutMs * 0.8);
}

const CONNECT_TIMEOUT_MS = 30_000;

const KEEP_ALIVE_S = 10;

/** JSON goes in as text, 64-bit counts come out as numbers, arrays are arrays. */
const types: Record<string, postgres.PostgresType> = {
  json: { to: 114, from: [114], serialize: jsonText, parse: (text: string) => JSON.parse(text) },
  jsonb: { to: 3802, from: [3802], serialize: jsonText, parse: (text: string) => JSON.parse(text) },
  count: { to: 20, from: [20], serialize: String, parse: Number },
};

const asBoolean = (text: string): boolean => text === "t";
const asDate = (text: string): Date => new Date(text);
const asText = (text: string): string => text;

/** The arrays of types that Postgres has by itself: their numbers, and how an item is read. */
const arrays: [numbers: number[], read: (text: string) => unknown][] = [
  [[1000], asBoolean],
  [[1005, 1007, 1016, 1021, 1022, 1028], Number],
  [[199, 3807], (text) => JSON.parse(text)],
  [[1115, 1182, 1185], asDate],
  [[1002, 1003, 1009, 1014, 1015, 1183, 1187, 1231, 1270, 2951], asText],
];

for (const [numbers, read] of arrays) {
  for (const number of numbers) {
    types[`array_${number}`] = {
      to: number,
      from: [number],
      serialize: arrayLiteral,
      parse: (text: string) => parseArray(text, read),
    };
  }
}

function jsonText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function arrayLiteral(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return `{${value.map(itemLiteral).join(",")}}`;
}

function itemLiteral(item: unknown): string {
  if (item === null || item === undefined) return "NULL";
  if (Array.isArray(item)) return arrayLiteral(item);
  const text = item instanceof Date
    ? item.toISOString()
    : typeof item === "object"
    ? JSON.stringify(item)
    : `${item}`;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
