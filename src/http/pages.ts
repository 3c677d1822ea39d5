/** What the pages of the dashboard show. It is not a part of the API, and changes with the dashboard. */
import { z } from "zod";
import type { AuditFilter } from "../define/mod.ts";
import type { PageReads } from "./read_model.ts";
import { HttpError } from "./respond.ts";
import { auditQuery } from "./api/control.ts";
import { executionQuery, filterOf } from "./api/executions.ts";
import type { Page } from "./watched.ts";

type Query = Record<string, string>;

/**
 * The page with a key: its name, and a query string.
 *
 * @param key as in `executions?status=failed`
 * @param reads what pages read
 * @throws {HttpError} there is no such page, or its query is wrong
 */
export function pageOf(key: string, reads: PageReads): Page {
  const [path = "", search = ""] = key.split("?");
  const query: Query = Object.fromEntries(new URLSearchParams(search));
  const [name, id, ...rest] = path.split("/").map((part) => decodeURIComponent(part));
  const open = rest.length > 0 ? undefined : (id === undefined ? LISTS : ONES).get(name!);
  if (open === undefined) throw new HttpError(404, "NOT_FOUND", `The dashboard has no page "${path}"`);
  return open(reads, query, id ?? "");
}

type Open = (reads: PageReads, query: Query, id: string) => Page;

const LISTS = new Map<string, Open>(Object.entries(
  {
    pulse: (reads) => ({ look: () => reads.pulse(), everyMs: 5_000 }),
    overview: (reads, query) => {
      const { span } = checked(SPAN, query);
      return { look: () => reads.pulse(), read: () => reads.overview(span), everyMs: 2_000 };
    },
    groups: (reads, query) => {
      const { by, ...rest } = checked(GROUPS, query);
      const filter = filterOf(rest);
      return { look: () => reads.groups(by, filter), everyMs: 5_000 };
    },
    executions: (reads, query) => {
      const filter = filterOf(checked(executionQuery, query));
      return { look: () => reads.rows(filter) };
    },
    failures: (reads, query) => {
      const { state } = checked(FAILURES, query);
      return { look: () => reads.failures(state === undefined ? {} : { state }), everyMs: 2_000 };
    },
    operations: (reads) => ({ look: () => reads.operations() }),
    audit: (reads, query) => {
      const filter = checked(auditQuery, query) as AuditFilter;
      return { look: () => reads.audit(filter), everyMs: 2_000 };
    },
    tokens: (reads) => ({ look: () => reads.tokens(), everyMs: 2_000 }),
    sql: (reads) => ({ look: () => reads.console(), everyMs: 60_000 }),
    queues: (reads) => ({ look: () => reads.queues(), everyMs: 2_000 }),
    workers: (reads) => ({ look: () => reads.workers(), everyMs: 5_000, moves: true }),
    schedules: (reads) => ({ look: () => reads.schedules(), everyMs: 2_000 }),
    upcoming: (reads, query) => {
      const { cron, timezone } = checked(TIMES, query);
      return { look: () => reads.upcoming(cron, timezone), everyMs: 60_000 };
    },
    flows: (reads) => ({ look: () => reads.flows(), everyMs: 5_000 }),
    compare: (reads, query) => {
      const { one, other } = checked(PAIR, query);
      return { look: () => reads.compare([one, other]), everyMs: 10_000 };
    },
    doctor: (reads, query) => {
      const { check } = checked(DOCTOR, query);
      // What reads everything is read once for each time that it is asked for.
      if (check !== undefined) return { look: () => Promise.resolve(), read: () => reads.doctor("whole") };
      return { look: () => reads.doctor("quick"), everyMs: 30_000 };
    },
    signals: (reads) => ({ look: () => reads.signals(), everyMs: 2_000 }),
  } satisfies Record<string, Open>,
));

const ONES = new Map<string, Open>(Object.entries(
  {
    executions: (reads, _query, id) => {
      let after = 0;
      const read = async (): Promise<unknown> => {
        const one = await reads.one(id);
        after = one.steps.at(-1)?.step ?? 0;
        return one;
      };
      return { look: () => reads.stamp(id, after), read };
    },
    operations: (reads, _query, id) => ({ look: () => reads.operation(id) }),
    queues: (reads, _query, id) => ({ look: () => reads.queue(id), everyMs: 2_000 }),
    schedules: (reads, _query, id) => ({ look: () => reads.schedule(id), everyMs: 5_000 }),
    flows: (reads, query, id) => {
      const filter = checked(HEAT, query);
      return { look: () => reads.flowStamp(id), read: () => reads.flow(id, filter), everyMs: 5_000 };
    },
    graphs: (reads, query, id) => {
      const { version } = checked(HEAT, query);
      return { look: () => reads.graph(id, version), everyMs: 5_000 };
    },
  } satisfies Record<string, Open>,
));

const TIMES = z.strictObject({ cron: z.string(), timezone: z.string().default("UTC") });

const HEAT = z.strictObject({
  version: z.coerce.number().int().min(1).max(2 ** 31 - 1).optional(),
  hours: z.coerce.number().int().min(1).max(90 * 24).default(24),
});

const SPAN = z.strictObject({ span: z.enum(["hour", "day", "quarter"]).default("hour") });

const GROUPS = executionQuery.extend({
  by: z.enum(["status", "name", "queue", "version", "error", "line"]),
});

const DOCTOR = z.strictObject({ check: z.coerce.number().int().optional() });

const PAIR = z.strictObject({ one: z.string(), other: z.string() });

const FAILURES = z.strictObject({ state: z.enum(["new", "known", "resolved", "ignored"]).optional() });

function checked<Schema extends z.ZodType>(schema: Schema, query: Query): z.output<Schema> {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new HttpError(400, "INVALID_REQUEST", `The query is not what was expected: ${issues.join("; ")}`);
}
