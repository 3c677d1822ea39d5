import type { AuditEntry } from "../define/mod.ts";
import { audit } from "../client/audit.ts";
import type { Call, CommonOptions } from "./command.ts";
import { brief, tellTime } from "./format.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";

/** Which acts, as flags say it. */
export interface AuditFlags extends CommonOptions {
  by?: string;
  act?: string;
  kind?: string;
  target?: string;
  limit: number;
}

/** Lists what people did. */
export async function listAudit({ options, terminal, json }: Call<AuditFlags>): Promise<void> {
  await using session = await openSession(options);
  const { by, act, kind, target, limit } = options;
  const acts = await audit(session.core, {
    limit,
    ...(by !== undefined && { by }),
    ...(act !== undefined && { act }),
    ...(kind !== undefined && { kind }),
    ...(target !== undefined && { target }),
  });
  if (json) return terminal.print(JSON.stringify({ acts }));
  if (acts.length === 0) return terminal.say("nothing of it is recorded");
  const rows = acts.map((one) => [
    tellTime(one.at),
    one.by ?? one.role,
    one.act,
    one.target === null ? one.kind : `${one.kind} ${one.target}`,
    one.why ?? "",
    changeOf(one),
  ]);
  const head = ["when", "who", "act", "what", "why", "change"];
  terminal.print(table(rows, { head, flexible: [3, 4, 5], optional: [5, 4] }, terminal));
}

function changeOf({ before, after }: AuditEntry): string {
  if (before === null) return after === null ? "" : brief(after, 80);
  return after === null ? brief(before, 80) : `${brief(before, 60)} → ${brief(after, 60)}`;
}
