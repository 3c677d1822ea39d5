import { listRates } from "../db/calls/rates.ts";
import {
  type ArgumentType,
  BOOLEAN,
  checkShape,
  MOMENT,
  NAME,
  type Rate,
  type RateFilter,
  type Shape,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

const SPAN: ArgumentType = { kind: "choice", values: ["minute", "hour"] };
const TYPE: ArgumentType = { kind: "choice", values: ["task", "workflow"] };
const FILTER: Shape = {
  span: SPAN,
  since: MOMENT,
  until: MOMENT,
  type: TYPE,
  target: NAME,
  queue: NAME,
  total: BOOLEAN,
};

const HOUR_MS = 3_600_000;

/**
 * What workers ended, and how long it took.
 *
 * @param core what calls
 * @param filter which time, targets and queues
 * @param now the end of the time, unless the filter says another
 */
export async function rates(core: ClientCore, filter: RateFilter, now: Date): Promise<readonly Rate[]> {
  checkShape(filter, FILTER, { where: "rhythm.rates()" });
  const { span = "minute", until = now, type, target, queue, total = false } = filter;
  const since = filter.since ?? new Date(until.getTime() - (span === "minute" ? HOUR_MS : 24 * HOUR_MS));
  return await core.retried(() => listRates(core.engine, { span, since, until, type, target, queue, total }));
}
