import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { deserialize, serialize } from "node:v8";

/** What one process asks of the one that has the database. */
export interface Ask {
  /** The answer has the same number. */
  readonly id: number;
  /** What to do. */
  readonly op: "query" | "script" | "begin" | "commit" | "rollback" | "listen" | "unlisten";
  /** The statement, the script or the channel. */
  readonly text?: string;
  /** The parameters of the statement. */
  readonly params?: readonly unknown[];
  /** The request that began the transaction for this statement, or the listening that should end. */
  readonly of?: number;
}

/** What Postgres, or this library, says of an error. */
export interface ToldError {
  /** Whether a function of the engine or a statement was refused. */
  readonly kind: "engine" | "other";
  /** The SQLSTATE, or the code of the error. */
  readonly code: string;
  /** The sentence, without the hint. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  /** Particulars. */
  readonly detail?: string;
}

/** What comes back: an answer to a request, a notification, or a farewell. */
export interface Told {
  /** The request; in a farewell 0. */
  readonly id: number;
  /** The process is about to end and has not begun the request; with the id 0: no request that has no answer yet. */
  readonly isLeaving?: true;
  /** The rows of a statement. */
  readonly rows?: Record<string, unknown>[];
  /** Why it could not be done. */
  readonly error?: ToldError;
  /** A notification on the channel that the request listens to. */
  readonly payload?: string;
}

/** Messages over a connection, each with its length before it. */
export class Line<Incoming, Outgoing> {
  readonly #conn: Deno.TcpConn;
  #sent: Promise<unknown> = Promise.resolve();

  /** @param conn the connection; it keeps the process alive only while `hold()` says so */
  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    conn.setNoDelay();
    conn.unref();
  }

  /** Whether the process has to stay for an answer. */
  hold(isNeeded: "needed" | "idle"): void {
    if (isNeeded === "needed") this.#conn.ref();
    else this.#conn.unref();
  }

  /** Sends what proves that this process may read this user's files, before all messages. */
  sendToken(token: string): Promise<unknown> {
    return this.#sendFrame(new TextEncoder().encode(token));
  }

  /**
   * Whether the other side sends this token first. Of anything else no more is read than the token is long: it may be a browser,
   * and V8's format is only for data that can be trusted.
   */
  async hasToken(token: string): Promise<boolean> {
    const expected = Buffer.from(token);
    const head = await this.#read(4);
    if (!head || Buffer.from(head).readUInt32BE() !== expected.length) return false;
    const body = await this.#read(expected.length);
    return body !== undefined && timingSafeEqual(body, expected);
  }

  /** Sends a message; those sent before are sent first. */
  send(message: Outgoing): Promise<unknown> {
    return this.#sendFrame(serialize(message));
  }

  #sendFrame(body: Uint8Array): Promise<unknown> {
    const frame = Buffer.alloc(4 + body.length);
    frame.writeUInt32BE(body.length);
    frame.set(body, 4);
    return this.#sent = this.#sent.then(() => this.#write(frame));
  }

  /** The messages of the other side, until it ends or the connection is lost. */
  async *messages(): AsyncGenerator<Incoming> {
    for (;;) {
      const head = await this.#read(4);
      const body = head && await this.#read(Buffer.from(head).readUInt32BE());
      if (!body) return;
      yield deserialize(body) as Incoming;
    }
  }

  /** Says that nothing more will be sent. */
  async endSending(): Promise<void> {
    await this.#sent;
    await this.#conn.closeWrite();
  }

  /** Ends the connection. */
  close(): void {
    try {
      this.#conn.close();
    } catch { /* it is closed */ }
  }

  async #write(frame: Uint8Array): Promise<void> {
    for (let at = 0; at < frame.length;) at += await this.#conn.write(frame.subarray(at));
  }

  async #read(length: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const count = await this.#conn.read(bytes.subarray(at)).catch(() => null);
      if (count === null) return undefined;
      at += count;
    }
    return bytes;
  }
}
