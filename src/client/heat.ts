import { readHeat, readSource } from "../db/calls/heat.ts";
import { UnknownNameError } from "../db/engine_errors.ts";
import {
  checkArgument,
  checkShape,
  type FlowHeat,
  type HeatFilter,
  MOMENT,
  NAME,
  type Shape,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

const FILTER: Shape = {
  version: { kind: "number", from: 1, to: 2 ** 31 - 1, whole: true },
  since: MOMENT,
  until: MOMENT,
};
const DAY_MS = 86_400_000;

/**
 * A version of a flow with what happened at its lines.
 *
 * @param core what calls
 * @param name the flow
 * @param filter the version and the time
 * @param now the end of the time, unless the filter says another
 */
export async function heat(core: ClientCore, name: string, filter: HeatFilter, now: Date): Promise<FlowHeat> {
  const where = "flows.heat()";
  checkArgument(name, { argument: "name", type: NAME, where });
  checkShape(filter, FILTER, { where });
  const until = new Date(filter.until ?? now);
  const since = new Date(filter.since ?? until.getTime() - DAY_MS);
  const found = await core.retried(() => readSource(core.engine, name, filter.version ?? null));
  if (found === null) {
    const what = filter.version === undefined
      ? `flow "${name}"`
      : `version ${filter.version} of flow "${name}"`;
    throw new UnknownNameError({ code: "RH004", message: `There is no ${what}` });
  }
  // Minutes are kept for a day.
  const span = now.getTime() - since.getTime() > DAY_MS ? "hour" : "minute";
  const of = { name, version: found.version, span, since, until } as const;
  const lines = await core.retried(() => readHeat(core.engine, of));
  return { name, ...found, lines };
}
