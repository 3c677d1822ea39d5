import { dirname, join, resolve } from "node:path";
import { CliError } from "./cli_error.ts";
import { parseJson } from "./json_text.ts";

/** What `rhythm.json` may say; a flag says more, the environment comes between. */
export interface ProjectConfig {
  /** Where the database is. */
  databaseUrl?: string | undefined;
  /** The engine's schema. */
  schema?: string | undefined;
  /** Directories and files with flows. */
  flows?: string[] | undefined;
  /** Modules that export tasks. */
  tasks?: string[] | undefined;
  /** The environment that workers belong to. */
  environment?: string | undefined;
  /** The queues that workers serve. */
  queues?: string[] | undefined;
  /** How many handlers run at once. */
  concurrency?: number | undefined;
  /** The port of `rhythm dev`. */
  port?: number | undefined;
}

/** The project that a command was called in. */
export interface Project {
  /** Its directory. */
  readonly root: string;
  /** What its `rhythm.json` says. */
  readonly config: ProjectConfig;
}

/**
 * Finds the project: the nearest directory upwards with a `rhythm.json`, a `.rhythm`, or a `deno.json` beside a
 * `flows/`; else this one.
 *
 * @throws {CliError} its `rhythm.json` is wrong
 */
export async function findProject(from: string = Deno.cwd()): Promise<Project> {
  for (let directory = resolve(from);; directory = dirname(directory)) {
    const config = await readConfig(join(directory, "rhythm.json"));
    if (config !== undefined) return { root: directory, config };
    if (await isDirectory(join(directory, ".rhythm"))) return { root: directory, config: {} };
    if (await isApplication(directory)) return { root: directory, config: {} };
    if (dirname(directory) === directory) return { root: resolve(from), config: {} };
  }
}

/** The places of a project's flows: as said, else `flows/` if there is one; absolute. */
export async function flowPlaces(project: Project, said: readonly string[] | undefined): Promise<string[]> {
  if (said !== undefined) return said.map((place) => resolve(place));
  if (project.config.flows !== undefined) return project.config.flows.map((one) => join(project.root, one));
  const usual = join(project.root, "flows");
  return await isDirectory(usual) ? [usual] : [];
}

/** The modules of a project's tasks: as said, else `tasks.ts` if there is one; absolute. */
export async function taskModules(project: Project, said: readonly string[] | undefined): Promise<string[]> {
  if (said !== undefined) return said.map((place) => resolve(place));
  if (project.config.tasks !== undefined) return project.config.tasks.map((one) => join(project.root, one));
  for (const usual of ["tasks.ts", "tasks.js", join("tasks", "mod.ts")]) {
    const path = join(project.root, usual);
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return [path];
  }
  return [];
}

/** Whether there is a directory of that name. */
export async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}

// As `rhythm init` makes it: not to be taken for a part of what lies around it.
async function isApplication(directory: string): Promise<boolean> {
  if (!await isDirectory(join(directory, "flows"))) return false;
  return await Deno.stat(join(directory, "deno.json")).then((info) => info.isFile, () => false);
}

async function readConfig(path: string): Promise<ProjectConfig | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
  const value = parseJson(text, path);
  const { z } = await import("zod");
  const texts = z.array(z.string().min(1)).optional();
  const schema = z.strictObject({
    databaseUrl: z.string().min(1).optional(),
    schema: z.string().min(1).optional(),
    flows: texts,
    tasks: texts,
    environment: z.string().min(1).optional(),
    queues: texts,
    concurrency: z.int().min(1).optional(),
    port: z.int().min(0).max(65_535).optional(),
  });
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`
  );
  throw new CliError(`${path} is not what was expected: ${issues.join("; ")}`, {
    hint: `it may hold ${Object.keys(schema.shape).join(", ")}`,
  });
}
