import { listActs } from "../db/calls/audit.ts";
import {
  ANY_STORED_TEXT,
  type ArgumentType,
  type AuditEntry,
  type AuditFilter,
  checkShape,
  type Shape,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

const NUMBER: ArgumentType = { kind: "number", from: 1, to: Number.MAX_SAFE_INTEGER, whole: true };
const LIMIT: ArgumentType = { kind: "number", from: 1, to: 1000, whole: true };
const FILTER: Shape = {
  by: ANY_STORED_TEXT,
  act: ANY_STORED_TEXT,
  kind: ANY_STORED_TEXT,
  target: ANY_STORED_TEXT,
  before: NUMBER,
  limit: LIMIT,
};

/**
 * What people did.
 *
 * @param core what calls
 * @param filter which acts
 * @returns the latest first
 */
export async function audit(core: ClientCore, filter: AuditFilter): Promise<readonly AuditEntry[]> {
  checkShape(filter, FILTER, { where: "rhythm.audit()" });
  const { before = null, limit = 100, ...which } = filter;
  return await core.retried(() => listActs(core.engine, { filter: JSON.stringify(which), before, limit }));
}
