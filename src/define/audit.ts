import type { JsonValue } from "../shared/json.ts";

/** Something that a person did. */
export interface AuditEntry {
  /** Its number; later acts have higher ones. */
  readonly id: number;
  /** When. */
  readonly at: Date;
  /** Who did it, as the process says that did it for them: the name of a token, or what `rhythm.as()` says. */
  readonly by: string | null;
  /** The database role that did it. */
  readonly role: string;
  /** What was done: `pause`, `retry`, `set` … */
  readonly act: string;
  /** What it was done to: `execution`, `queue`, `schedule` … */
  readonly kind: string;
  /** The id or the name of that. */
  readonly target: string | null;
  /** Why, if that was said. */
  readonly why: string | null;
  /** What changed, as it was before. */
  readonly before: JsonValue;
  /** What changed, as it was afterwards. */
  readonly after: JsonValue;
}

/** Which acts. */
export interface AuditFilter {
  /** Who did it: the name of a token, or a role. */
  by?: string;
  /** What was done: `pause`, `retry`, `set` … */
  act?: string;
  /** What it was done to: `execution`, `queue`, `schedule` … */
  kind?: string;
  /** The id or the name of that. */
  target?: string;
  /** Only acts before the one with this number: for the next page. */
  before?: number;
  /** How many. Default: 100, at most 1,000. */
  limit?: number;
}
