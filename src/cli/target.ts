import { join, resolve } from "node:path";
import { type DatabasePlace, placeOf } from "../define/database_place.ts";
import { checkSchemaName } from "../db/schema_name.ts";
import { InvalidOptionError } from "../define/mod.ts";
import { CliError } from "./cli_error.ts";
import type { CommonOptions } from "./command.ts";
import { findProject, type Project } from "./project.ts";

/** Where a command's database is. */
export interface Target {
  /** Where: as a flag, the environment or `rhythm.json` say; nothing: wherever the project keeps it. */
  readonly url: string | undefined;
  /** Who says so: `--database`, `RHYTHM_DATABASE_URL`, `"databaseUrl" in …/rhythm.json`. */
  readonly saidBy: string;
  /** The engine's schema. */
  readonly schema: string;
  /** The project. */
  readonly project: Project;
}

/** Reads off flags, environment and `rhythm.json` where the database is. */
export async function targetOf(options: CommonOptions): Promise<Target> {
  const project = await findProject();
  const schema = checkSchemaName(options.schema ?? project.config.schema ?? "rhythm");
  return { ...urlOf(options, project), schema, project };
}

/**
 * What kind of place that is, and where.
 *
 * @param target where the database is
 * @throws {CliError} it is neither a Postgres URL nor a directory
 */
export function placeOfTarget(target: Target): DatabasePlace {
  if (target.url === undefined) return { kind: "embedded", at: join(target.project.root, ".rhythm", "data") };
  try {
    return placeOf(target.url);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const scheme = target.url.slice(0, target.url.indexOf(":"));
    throw new CliError(
      `${target.saidBy} must be postgres://… or a directory for the embedded database, not ${scheme}://…`,
    );
  }
}

function urlOf(options: CommonOptions, project: Project): Pick<Target, "url" | "saidBy"> {
  if (options.database !== undefined) {
    return { url: absolute(options.database, Deno.cwd()), saidBy: "--database" };
  }
  const variable = Deno.env.get("RHYTHM_DATABASE_URL");
  if (variable) return { url: absolute(variable, Deno.cwd()), saidBy: "RHYTHM_DATABASE_URL" };
  const { databaseUrl } = project.config;
  const url = databaseUrl === undefined ? undefined : absolute(databaseUrl, project.root);
  return { url, saidBy: `"databaseUrl" in ${join(project.root, "rhythm.json")}` };
}

function absolute(url: string, base: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : resolve(base, url);
}
