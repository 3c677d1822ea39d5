import { StatementError } from "../db/engine_errors.ts";
import { RhythmError } from "../shared/error.ts";

/** What the API answers when it cannot do what was asked. */
export interface Problem {
  /** What went wrong. */
  error: {
    /** The code for programs. */
    code: string;
    /** The sentence for people. */
    message: string;
  };
}

/** Thrown by a route to answer with a status of its own. */
export class HttpError extends RhythmError {
  override readonly name = "HttpError";
  /** The HTTP status. */
  readonly status: number;

  /** @param status the HTTP status @param code the code for programs @param message the sentence for people */
  constructor(status: number, code: string, message: string) {
    super(message, { code });
    this.status = status;
  }
}

/** What a route gives for what goes on without its caller: 202, with the address where it is looked at. */
export class Accepted {
  /** What there is of it now. */
  readonly value: unknown;
  /** The address, relative to that of the request. */
  readonly location: string;

  /** @param value what there is of it now @param location the address, relative to that of the request */
  constructor(value: unknown, location: string) {
    this.value = value;
    this.location = location;
  }
}

/** A value as a JSON response. */
export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  });
}

/** A text as a response. */
export function text(body: string, type = "text/plain; charset=utf-8", status = 200): Response {
  return new Response(body, { status, headers: { "content-type": type, "cache-control": "no-store" } });
}

/** An error as a response: its own status if it has one, what its code means otherwise. */
export function problem(error: unknown): Response {
  if (error instanceof RhythmError && !isRaw(error)) {
    return json({ error: { code: error.code, message: error.message } } satisfies Problem, statusOf(error));
  }
  return json({ error: { code: "INTERNAL", message: "The request failed; the server's log says why" } }, 500);
}

/** What Postgres says of a statement is for those who wrote it. A missing right is for the caller, too. */
function isRaw(error: RhythmError): boolean {
  return error instanceof StatementError && statuses[error.code] === undefined;
}

/** What refusals by the engine, or by a task's schema, are in HTTP. */
const statuses: Readonly<Record<string, number>> = {
  RH001: 400,
  RH002: 404,
  RH003: 409,
  RH004: 404,
  RH005: 422,
  INVALID_INPUT: 422,
  RH006: 413,
  RH009: 409,
  "42501": 403,
  // What another version of the library compiled, or left waiting.
  FLOW_PROGRAM_FORMAT: 409,
  FLOW_PROGRAM_SEMANTICS: 409,
  FLOW_SNAPSHOT_FORMAT: 409,
  FLOW_NO_BRANCH: 400,
  FLOW_NO_VARIABLE: 400,
};

/** The HTTP status of an error. */
export function statusOf(error: RhythmError): number {
  if (error instanceof HttpError) return error.status;
  const { code } = error;
  const known = statuses[code];
  if (known !== undefined) return known;
  if (/NOT_FOUND|UNKNOWN/.test(code)) return 404;
  if (/CONFLICT|FINAL|OVER$|ALREADY/.test(code)) return 409;
  if (/TOO_LARGE|TOO_BIG/.test(code)) return 413;
  if (/INVALID|BAD_|MALFORMED|SCHEMA|JSON/.test(code)) return 400;
  if (/DENIED|PRIVILEGE/.test(code)) return 403;
  if (/CONNECT|UNAVAILABLE/.test(code)) return 503;
  return 500;
}
