import type { Database, Queryable } from "../../db/database.ts";
import type { EngineRef } from "../../db/calls/engine_ref.ts";

/** What an examination found. */
export interface Finding {
  /** What was looked at. */
  check: string;
  /** How it is. `skipped`: it could not be looked at. */
  state: "ok" | "warning" | "problem" | "skipped";
  /** What was found, in a sentence. */
  message: string;
  /** What to do about it. */
  fix?: string;
}

/** What an examination looks at. */
export interface Patient {
  /** The engine. */
  readonly engine: EngineRef;
  /** The database. */
  readonly on: Queryable & Pick<Database, "pooler">;
  /** A server, or Postgres in a process. */
  readonly kind: "server" | "embedded";
  /** The engine's schema. */
  readonly schema: string;
}

/** One examination. */
export type Examination = (patient: Patient) => Promise<Finding[]>;

/** All is well. */
export function ok(check: string, message: string): Finding {
  return { check, state: "ok", message };
}

/** Worth a look. */
export function warning(check: string, message: string, fix: string): Finding {
  return { check, state: "warning", message, fix };
}

/** Something is wrong. */
export function problem(check: string, message: string, fix: string): Finding {
  return { check, state: "problem", message, fix };
}

/** It could not be looked at. */
export function skipped(check: string, message: string): Finding {
  return { check, state: "skipped", message };
}

/** What to do where nothing calls `tick()`. The embedded database has no pg_cron. */
export function whoTicks({ kind, schema }: Pick<Patient, "kind" | "schema">): string {
  return kind === "embedded"
    ? "`rhythm dev` or `rhythm worker` runs a worker, which ticks"
    : `start a worker, or let pg_cron tick: select ${schema}.install_cron()`;
}
