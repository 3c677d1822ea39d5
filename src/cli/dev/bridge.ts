import { requireToken } from "../../http/auth.ts";
import type { Database } from "../../db/database.ts";
import { EngineError } from "../../db/engine_errors.ts";
import { json, problem } from "../../http/respond.ts";
import { RhythmError } from "../../shared/error.ts";

/** A statement on its way from another process. */
export interface BridgeQuery {
  /** The statement. */
  text: string;
  /** Its parameters. */
  params: (string | number | boolean | null)[];
}

/** What came of it. `dates` names the columns that hold moments. */
export interface BridgeAnswer {
  /** The rows. */
  rows: Record<string, unknown>[];
  /** Columns whose texts are moments. */
  dates: string[];
}

/** Why it could not be done. */
export interface BridgeProblem {
  /** Which error it is. */
  kind: "engine" | "other";
  /** What the server said. */
  code: string;
  /** The sentence. */
  message: string;
  /** What to do. */
  hint?: string;
  /** Particulars. */
  detail?: string;
}

/**
 * Lets other commands use the database of `rhythm dev`: `POST /dev/query` runs a statement, `GET /dev/listen` passes
 * notifications on. Both ask for the token of the state file.
 *
 * @param database the database
 * @param token the token
 * @returns answers a request, or nothing if it is not for the bridge
 */
export function bridge(
  database: Database,
  token: string,
): (request: Request) => Promise<Response | undefined> {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/dev/query" && pathname !== "/dev/listen") return undefined;
    try {
      await requireToken(request, token);
    } catch (error) {
      return problem(error);
    }
    if (pathname === "/dev/listen") return await listen(database, searchParams.get("channel") ?? "");
    const { text, params } = await request.json() as BridgeQuery;
    try {
      const rows = await database.query(text, params);
      return json({ rows, dates: dateColumns(rows) } satisfies BridgeAnswer);
    } catch (error) {
      return json(problemOf(error), 422);
    }
  };
}

function dateColumns(rows: readonly Record<string, unknown>[]): string[] {
  const found = new Set<string>();
  for (const row of rows) {
    for (const [column, value] of Object.entries(row)) if (value instanceof Date) found.add(column);
  }
  return [...found];
}

function problemOf(error: unknown): BridgeProblem {
  if (!(error instanceof RhythmError)) {
    return {
      kind: "other",
      code: "INTERNAL",
      message: error instanceof Error ? error.message : String(error),
    };
  }
  const { code } = error;
  if (!(error instanceof EngineError)) return { kind: "other", code, message: error.message };
  // The sentence of an EngineError has its hint in it already; the other side adds it again.
  const message = error.hint === undefined ? error.message : error.message.slice(0, -error.hint.length - 2);
  const { hint, detail } = error;
  return {
    kind: "engine",
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(detail === undefined ? {} : { detail }),
  };
}

// One line a notification; an empty one says that listening has begun.
async function listen(database: Database, channel: string): Promise<Response> {
  const encoder = new TextEncoder();
  let stop: (() => Promise<void>) | undefined;
  let feed!: ReadableStreamDefaultController<Uint8Array>;
  const end = (): void => {
    void stop?.();
    stop = undefined;
  };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      feed = controller;
    },
    cancel: end,
  });
  const send = (payload: string): void => feed.enqueue(encoder.encode(`${JSON.stringify(payload)}\n`));
  stop = await database.listen(channel, {
    onNotify: (payload) => {
      if (stop !== undefined) send(payload);
    },
  });
  feed.enqueue(encoder.encode("\n"));
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}
