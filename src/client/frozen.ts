import { exportExecution, importExecution } from "../db/calls/history.ts";
import { InvalidOptionError } from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

/** The version of the format that this library writes and reads. */
const VERSION = 1;

/** An execution with its whole history, as the text of a file. */
export async function exportFile(core: ClientCore, id: string): Promise<string> {
  return await exportExecution(core.engine, id);
}

/** Stores an exported execution as a frozen copy. The database gets the text as it is: numbers are not read here. */
export async function importFile(core: ClientCore, file: string, by: string | null): Promise<string> {
  const problem = await problemOf(file);
  if (problem !== null) throw new InvalidOptionError("file", `Cannot import "file": ${problem}`);
  return await core.retried(() => importExecution(core.engine, file, by));
}

async function problemOf(text: string): Promise<string | null> {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    return `the file is damaged: ${(error as Error).message}`;
  }
  const { z } = await import("zod");
  const head = z.looseObject({ format: z.literal("rhythm execution"), version: z.int().min(1) }).safeParse(
    file,
  );
  if (!head.success) return "this is not an exported execution";
  if (head.data.version > VERSION) {
    return `the file has version ${head.data.version} of its format, and this library knows version ${VERSION}. Upgrade it`;
  }
  const id = z.uuid();
  const moment = z.iso.datetime({ offset: true });
  const maybe = <Of extends import("zod").ZodType>(type: Of) => type.nullable();
  const count = z.int().min(0);
  const workflow = {
    state: maybe(
      z.looseObject({ program: z.string(), seq: count, cleanup: z.boolean(), snapshot: maybe(z.string()) }),
    ),
    journal: z.array(z.looseObject({ step: count, moment, items: z.array(id) })),
    ends: z.array(z.looseObject({ item: id, step: count, settled: z.looseObject({}) })),
    bases: z.array(
      z.looseObject({ step: count, at: moment, act: z.string(), program: z.string(), snapshot: z.string() }),
    ),
    timers: z.array(z.looseObject({ id, fires_at: z.string() })),
    waits: z.array(z.looseObject({ id, name: z.string() })),
    signals: z.array(z.looseObject({ name: z.string(), sent_at: moment })),
    named: z.array(z.looseObject({ name: z.string(), kind: z.string(), status: z.string() })),
  };
  const execution = {
    ...{ id, parent_id: maybe(id), target: z.string(), queue: z.string(), status: z.string() },
    ...{
      attempt: count,
      priority: z.int(),
      completed_at: maybe(moment),
      reasons: z.array(z.looseObject({})),
    },
    logs: z.array(z.looseObject({ at: moment, level: z.string(), message: z.string() })),
  };
  const whole = z.looseObject({
    ...{ root: id, exported_at: moment, exported_from: z.string() },
    programs: z.array(
      z.looseObject({
        program: z.string(),
        name: z.string(),
        version: z.int(),
        source: z.string(),
        code: z.looseObject({}),
      }),
    ),
    executions: z.array(z.discriminatedUnion("type", [
      z.looseObject({ ...execution, type: z.literal("task") }),
      z.looseObject({
        ...execution,
        ...workflow,
        type: z.literal("workflow"),
        seed: maybe(z.string().regex(/^-?\d+$/)),
      }),
    ])).min(1),
  }).safeParse(file);
  if (whole.success) return null;
  const [issue] = whole.error.issues;
  return `the file is damaged: ${issue!.path.join(".")}: ${issue!.message}`;
}
