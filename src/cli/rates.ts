import type { RateFilter } from "../define/mod.ts";
import { rates } from "../client/rates.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Call, CommonOptions } from "./command.ts";
import { tellCount, tellDuration, tellTime } from "./format.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";

/** Which rates, as flags say it. */
export interface RateFlags extends CommonOptions {
  by?: "minute" | "hour";
  since?: Date;
  target?: string;
  queue?: string;
}

const DAY_MS = 86_400_000;

/** Lists what workers ended, in all or by the minute or hour. */
export async function listRates({ options, terminal, json }: Call<RateFlags>): Promise<void> {
  await using session = await openSession(options);
  const { by, since, target, queue } = options;
  const now = new Date(systemClock.now());
  const span = by ?? (since !== undefined && now.getTime() - since.getTime() > DAY_MS ? "hour" : "minute");
  const filter: RateFilter = {
    span,
    total: by === undefined,
    ...(since === undefined ? {} : { since }),
    ...(target === undefined ? {} : { target }),
    ...(queue === undefined ? {} : { queue }),
  };
  const found = await rates(session.core, filter, now);
  if (json) return terminal.print(JSON.stringify({ rates: found }));
  if (found.length === 0) return terminal.say("no worker has ended anything in that time");
  const time = (ms: number | null): string => ms === null ? "" : tellDuration(ms);
  const rows = found.map((rate) => [
    ...(by === undefined ? [] : [tellTime(rate.at)]),
    rate.type,
    rate.target,
    rate.queue,
    tellCount(rate.completed),
    tellCount(rate.failed),
    tellCount(rate.cancelled),
    tellCount(rate.retried),
    time(rate.p50Ms),
    time(rate.p95Ms),
  ]);
  const head = ["type", "target", "queue", "completed", "failed", "cancelled", "retried", "p50", "p95"];
  const first = by === undefined ? 0 : 1;
  terminal.print(table(rows, {
    head: [...(by === undefined ? [] : [by]), ...head],
    right: [3, 4, 5, 6, 7, 8].map((column) => column + first),
    flexible: [1 + first],
    optional: [5, 6, 2].map((column) => column + first),
  }, terminal));
}
