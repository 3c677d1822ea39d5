import { createHmac, timingSafeEqual } from "node:crypto";
import type { ExecutionError, LogLevel } from "../../define/mod.ts";
import type { JsonValue } from "../../shared/json.ts";

/** What a worker asks a function to run. */
export interface PushRequest {
  /** The form of this message. */
  readonly v: 1;
  /** The task. */
  readonly task: string;
  /** The execution. */
  readonly executionId: string;
  /** Its attempt. */
  readonly attempt: number;
  /** What the starter attached. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** What an earlier attempt left. */
  readonly lastCheckpoint: unknown;
  /** What it was started with. */
  readonly inputs: unknown;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number | null;
}

/** A line that a handler logged. */
export interface PushedLine {
  /** Its level. */
  readonly level: Exclude<LogLevel, "silent">;
  /** What it says. */
  readonly message: string;
  /** What goes with it. */
  readonly data?: unknown;
}

/** What a function answers. */
export type PushAnswer =
  & {
    /** What the handler logged. */
    readonly logs: readonly PushedLine[];
    /** Its last progress. */
    readonly progress?: unknown;
    /** What it leaves to the next attempt. */
    readonly checkpoint?: unknown;
  }
  & (
    | { readonly status: "completed"; readonly output: JsonValue }
    | { readonly status: "failed"; readonly error: ExecutionError; readonly retryable: boolean }
  );

/** The headers with which a message is signed, as webhooks are. */
export interface Signed {
  /** The execution and the attempt. */
  readonly id: string;
  /** When, in seconds since 1970. */
  readonly timestamp: string;
  /** The message. */
  readonly body: string;
}

/**
 * The signature of a message: HMAC-SHA-256, in the form of Standard Webhooks.
 *
 * @param secret what both sides know
 * @param message what is signed
 * @returns the header `webhook-signature`
 */
export function signatureOf(secret: string, { id, timestamp, body }: Signed): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** Whether one of the signatures of a header is that of a message. */
export function isSigned(header: string, secrets: readonly string[], message: Signed): boolean {
  const given = header.split(" ").map((one) => new TextEncoder().encode(one));
  return secrets.some((secret) => {
    const right = new TextEncoder().encode(signatureOf(secret, message));
    return given.some((one) => one.length === right.length && timingSafeEqual(one, right));
  });
}

/** The text of a body; nothing if it has more bytes than allowed. */
export async function textWithin(
  { body }: { readonly body: ReadableStream<Uint8Array> | null },
  most: number,
): Promise<string | undefined> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of body) {
    bytes += part.byteLength;
    if (bytes > most) return undefined;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** The most bytes of a message: inputs, checkpoint and lines besides the largest output. */
export const MOST_BYTES = 4 * 1_048_576;
