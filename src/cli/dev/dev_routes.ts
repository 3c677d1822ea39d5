import { z } from "zod";
import { analyzeFlow } from "../../flow/check/mod.ts";
import { lineStarts, positionAt } from "../../flow/diagnostics/mod.ts";
import { HttpError, type Route, route } from "../../http/mod.ts";
import { type Duration, durationMs } from "../../shared/duration.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { DevClock } from "./dev_clock.ts";
import { FlowFileError, type FlowFiles } from "./flow_files.ts";

/** What the editor of `rhythm dev` works with. */
export interface DevTools {
  /** The flow files. */
  readonly files: FlowFiles;
  /** The clock; nothing: the database is a server, whose clock cannot be pushed. */
  readonly clock: DevClock | undefined;
  /** The names of the tasks; nothing: not known. */
  readonly tasks: () => ReadonlySet<string> | undefined;
  /** Loads a file that was written, as if it had changed on disk. */
  readonly load: (path: string) => Promise<void>;
  /** The name and the version under which a file is registered; nothing: it is not. */
  readonly registered: (path: string) => { name: string; version: number } | undefined;
}

const tag = "dev";
const path = z.string().min(1).max(500);
const source = z.string().max(300_000);
const checked = z.object({ name: z.string(), inputSchema: z.unknown(), diagnostics: z.array(z.unknown()) });

/** The operations of the editor. Only `rhythm dev` has them, only for its own token, and only on this machine. */
export function devRoutes(tools: DevTools): Route[] {
  const { files, clock } = tools;
  return [
    route({
      method: "GET",
      path: "/api/dev/file",
      operation: "readFlowFile",
      summary: "The text of a flow file",
      tag,
      query: z.strictObject({ path }),
      response: z.object({ path, source, digest: z.string() }),
      handle: async ({ query }) => {
        const file = await guarded(files.read(query.path));
        return { ...file, ...check(tools, file), registered: registeredOf(tools, file.path) };
      },
    }),
    route({
      method: "POST",
      path: "/api/dev/check",
      operation: "checkFlowFile",
      summary: "What is wrong with a text, as `rhythm flow check` says it",
      tag,
      body: z.strictObject({ path, source }),
      response: checked,
      handle: ({ body }) => Promise.resolve(check(tools, body)),
    }),
    route({
      method: "PUT",
      path: "/api/dev/file",
      operation: "writeFlowFile",
      summary: "Writes a flow file and loads it, if the text on disk is still the one that was read",
      tag,
      body: z.strictObject({ path, source, digest: z.string().nullable() }),
      response: z.object({ path, digest: z.string() }),
      handle: async ({ body }) => {
        const written = await guarded(files.write(body.path, body.source, { digest: body.digest }));
        await tools.load(written);
        const { digest } = await guarded(files.read(body.path));
        return { path: body.path, digest, ...check(tools, body), registered: registeredOf(tools, body.path) };
      },
    }),
    route({
      method: "POST",
      path: "/api/dev/clock",
      operation: "pushClock",
      summary: "Pushes the clock of the embedded database, and does what becomes due on the way",
      tag,
      body: z.strictObject({
        by: z.string().max(40).optional().describe("how far: 7d. Without it: to what is due next"),
      }),
      response: z.object({ shiftMs: z.number() }),
      handle: async ({ body }) => {
        if (clock === undefined) throw new HttpError(409, "NO_CLOCK", NO_CLOCK);
        return await clock.push(body.by === undefined ? null : readDuration(body.by));
      },
    }),
  ];
}

/** Why the clock cannot be pushed. */
export const NO_CLOCK =
  "Cannot push the clock: the database is a server, whose time others share. Without RHYTHM_DATABASE_URL, rhythm dev has an embedded database";

/** What the screen shows. */
export async function devPage({ files, clock, tasks, registered }: DevTools): Promise<unknown> {
  const found = await files.list();
  return {
    files: found.map((file) => ({ ...file, registered: registered(file.path) ?? null })),
    folder: await files.folder() ?? null,
    tasks: [...tasks() ?? []].sort(),
    clock: clock === undefined ? null : { shiftMs: clock.shiftMs },
  };
}

function registeredOf(tools: DevTools, path: string): { name: string; version: number } | null {
  return tools.registered(path) ?? null;
}

function check(
  tools: DevTools,
  { path, source }: { path: string; source: string },
): z.output<typeof checked> {
  const { diagnostics, frontMatter } = analyzeFlow({ name: path, source, tasks: tools.tasks() });
  const starts = lineStarts(source);
  return {
    name: frontMatter.name ?? nameOf(path),
    inputSchema: (frontMatter.input ?? null) as JsonObject | null,
    diagnostics: diagnostics.map((one) => ({ ...one, ...positionAt(starts, one.start) })),
  };
}

/** The name of a flow whose front matter gives none. */
export function nameOf(path: string): string {
  return path.split("/").at(-1)!.replace(/\.flow$/, "");
}

function readDuration(text: string): number {
  let ms: number;
  try {
    ms = durationMs(text as Duration);
  } catch {
    throw new HttpError(
      400,
      "INVALID_REQUEST",
      `Expected how far, such as 30s, 2h or 7d, not ${JSON.stringify(text)}`,
    );
  }
  if (ms > 0 && ms <= MOST_MS) return ms;
  throw new HttpError(400, "INVALID_REQUEST", "The clock goes ahead, by ten years at most at once");
}

async function guarded<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof FlowFileError)) throw error;
    const status = error.code === "NOT_FOUND" ? 404 : error.code === "FILE_CHANGED" ? 409 : 403;
    throw new HttpError(status, error.code, error.message);
  }
}

const MOST_MS = 10 * 366 * 86_400_000;
