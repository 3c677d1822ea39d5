import { parse as parseArray } from "postgres-array";

/** What a server says of an error. */
class ServerError extends Error {
  readonly severity: string;
  readonly code: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;

  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get("M"));
    this.severity = fields.get("V") ?? "ERROR";
    this.code = fields.get("C")!;
    this.detail = fields.get("D");
    this.hint = fields.get("H");
  }
}

/** A column of a result: its name, and how its values are read. */
interface Column {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

/**
 * A session with a server that trusts everybody, in the simple protocol: a message with statements, and all that follows from
 * it, notifications included, before anything else happens.
 */
export class Session {
  /** The process of the server. */
  pid = 0;
  readonly #socket: Deno.TcpConn;
  readonly #calls = new Set<(channel: string, payload: string) => void>();
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 20);
  #from = 0;
  #to = 0;

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
  }

  /** Connects to a database of a server on this machine. */
  static async open(port: number, database: string): Promise<Session> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    socket.setNoDelay(true);
    const session = new Session(socket);
    const options = ["user", "postgres", "database", database, "client_encoding", "UTF8", ""].join("\0");
    await session.#write("", `\0\x03\0\0${options}\0`);
    await session.#answer();
    return session;
  }

  /** Runs statements; gives what each returned. */
  async exec(text: string): Promise<{ rows: unknown[] }[]> {
    await this.#write("Q", `${text}\0`);
    return await this.#answer();
  }

  /** Calls when a commit sends a notification; gives what ends that. */
  onNotification(call: (channel: string, payload: string) => void): () => void {
    this.#calls.add(call);
    return () => void this.#calls.delete(call);
  }

  /** Ends it. */
  close(): void {
    this.#socket.close();
  }

  async #write(type: string, body: string): Promise<void> {
    const bytes = new Uint8Array(type.length + 4 + 3 * body.length);
    const { written } = encoder.encodeInto(body, bytes.subarray(type.length + 4));
    if (type !== "") bytes[0] = type.charCodeAt(0);
    new DataView(bytes.buffer).setInt32(type.length, written + 4);
    const size = type.length + 4 + written;
    for (let sent = 0; sent < size;) sent += await this.#socket.write(bytes.subarray(sent, size));
  }

  // All messages until the server is ready for the next.
  async #answer(): Promise<{ rows: unknown[] }[]> {
    const results: { rows: unknown[] }[] = [];
    let columns: Column[] = [];
    let rows: unknown[] = [];
    let error: ServerError | undefined;
    for (;;) {
      const { type, body } = await this.#message();
      switch (type) {
        case "T":
          columns = columnsOf(body);
          break;
        case "D":
          rows.push(rowOf(columns, body));
          break;
        case "C":
          results.push({ rows });
          columns = [];
          rows = [];
          break;
        case "E":
          error = new ServerError(fieldsOf(body));
          // It has closed the connection.
          if (error.severity !== "ERROR") throw error;
          break;
        case "A": {
          const [channel, payload] = decoder.decode(body.subarray(4)).split("\0") as [string, string];
          for (const call of this.#calls) call(channel, payload);
          break;
        }
        case "K":
          this.pid = new DataView(body.buffer, body.byteOffset).getInt32(0);
          break;
        case "Z":
          if (error !== undefined) throw error;
          return results;
      }
    }
  }

  async #message(): Promise<{ type: string; body: Uint8Array }> {
    await this.#need(5);
    const type = String.fromCharCode(this.#buffer[this.#from]!);
    const size = new DataView(this.#buffer.buffer).getInt32(this.#from + 1);
    await this.#need(1 + size);
    const body = this.#buffer.subarray(this.#from + 5, this.#from + 1 + size);
    this.#from += 1 + size;
    return { type, body };
  }

  async #need(size: number): Promise<void> {
    if (this.#to - this.#from >= size) return;
    if (this.#from + size > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#buffer.length, 2 * size));
      larger.set(this.#buffer.subarray(this.#from, this.#to));
      this.#to -= this.#from;
      this.#from = 0;
      this.#buffer = larger;
    }
    while (this.#to - this.#from < size) {
      const count = await this.#socket.read(this.#buffer.subarray(this.#to));
      if (count === null) throw new Error("The server of the simulation has gone");
      this.#to += count;
    }
  }
}

function columnsOf(body: Uint8Array): Column[] {
  const view = new DataView(body.buffer, body.byteOffset);
  const columns: Column[] = [];
  let at = 2;
  for (let left = view.getInt16(0); left > 0; left--) {
    const end = body.indexOf(0, at);
    const name = decoder.decode(body.subarray(at, end));
    columns.push({ name, read: readerOf(view.getInt32(end + 7)) });
    at = end + 19;
  }
  return columns;
}

function rowOf(columns: readonly Column[], body: Uint8Array): unknown {
  const view = new DataView(body.buffer, body.byteOffset);
  const row: Record<string, unknown> = {};
  let at = 2;
  for (const { name, read } of columns) {
    const size = view.getInt32(at);
    at += 4;
    if (size < 0) {
      row[name] = null;
      continue;
    }
    row[name] = read(decoder.decode(body.subarray(at, at + size)));
    at += size;
  }
  return row;
}

function fieldsOf(body: Uint8Array): Map<string, string> {
  const parts = decoder.decode(body).split("\0").filter((part) => part !== "");
  return new Map(parts.map((part) => [part[0]!, part.slice(1)]));
}

const asText = (text: string): string => text;
const asBoolean = (text: string): boolean => text === "t";
const asDate = (text: string): Date => new Date(text);
const asJson = (text: string): unknown => JSON.parse(text);
const arrayOf = (read: (text: string) => unknown) => (text: string): unknown => parseArray(text, read);

/** How values are read, by the number of their type, as PGlite reads them. */
const readers = new Map<number, (text: string) => unknown>([
  ...[20, 21, 23, 26, 700, 701].map((type) => [type, Number] as const),
  ...[1005, 1007, 1016, 1021, 1022, 1028].map((type) => [type, arrayOf(Number)] as const),
  ...[1082, 1114, 1184].map((type) => [type, asDate] as const),
  ...[1115, 1182, 1185].map((type) => [type, arrayOf(asDate)] as const),
  ...[1002, 1003, 1009, 1015, 1231, 2951].map((type) => [type, arrayOf(asText)] as const),
  ...[114, 3802].map((type) => [type, asJson] as const),
  ...[199, 3807].map((type) => [type, arrayOf(asJson)] as const),
  [16, asBoolean],
  [1000, arrayOf(asBoolean)],
]);

function readerOf(type: number): (text: string) => unknown {
  return readers.get(type) ?? asText;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
