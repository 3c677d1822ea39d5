import { parse as parseArray } from "postgres-array";
import postgres from "postgres";
import { secured } from "./tls.ts";

/** How to connect to a Postgres server. */
export interface ConnectOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=verify-full&sslrootcert=FILE` over TLS. */
  url: string;
  /** The most connections held open at once, besides one for LISTEN. Default: 10. */
  maxConnections?: number;
  /** Ends any statement that takes longer. Default: none. */
  statementTimeoutMs?: number;
  /** How long to try for a connection before a statement fails. Default: 30,000. */
  connectTimeoutMs?: number;
  /** Closes a connection that was idle for this long. Default: never. */
  idleTimeoutMs?: number;
  /** What `pg_stat_activity` shows. Default: `rhythm`. */
  applicationName?: string;
}

/** What a connection tells of itself. */
export interface ConnectionEvents {
  /** It is gone: lost, idle for too long, or too old. */
  onClose: () => void;
  /** A notification came. */
  onNotify?: (channel: string, payload: string) => void;
}

/** Makes drivers of one connection each. */
export type MakeDriver = (events: ConnectionEvents) => postgres.Sql;

/**
 * Reads where to connect to.
 *
 * A driver (postgres.js 3.4) keeps what it had begun to write and to read when its connection breaks, and goes on with
 * that on the next one, or never again. So each has one connection, and ends with it.
 *
 * @param options where and how
 * @returns what makes a driver; it connects when it is first asked, which is to be at once
 * @throws {@linkcode TypeError} when the address cannot be read
 */
export function driverFor(options: ConnectOptions): MakeDriver {
  const { url, ...ssl } = secured(options.url);
  const common = {
    max: 1,
    connect_timeout: (options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS) / 1000,
    idle_timeout: options.idleTimeoutMs === undefined ? undefined : options.idleTimeoutMs / 1000,
    // The statement that asks for types rejects where nobody can catch it.
    fetch_types: false,
    onnotice: () => {},
    connection: {
      application_name: options.applicationName ?? "rhythm",
      ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
    },
    types,
    ...ssl,
  };
  // An address that cannot be read is told now.
  void postgres(url, common);
  return ({ onClose, onNotify }) => {
    // Whoever takes a connection and closes it at once, as a proxy does before a server that is down, is asked again by
    // the driver for ever. Of what does not answer at all, the driver tells by itself, and is given the time to.
    const limitMs = (options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS) + 250;
    const patience = setTimeout(() => void sql.end({ timeout: 0 }), limitMs);
    const events = {
      onparameter: () => clearTimeout(patience),
      onclose: () => {
        clearTimeout(patience);
        onClose();
      },
      onnotify: onNotify,
    };
    const sql: postgres.Sql = postgres(url, { ...common, ...events } as typeof common);
    return sql;
  };
}

const CONNECT_TIMEOUT_MS = 30_000;

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
