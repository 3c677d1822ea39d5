/** What an execution and its descendants did, over time. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { duration, full, many, now, visible } from "../format.ts";
import { executionHref, statusName } from "../ui.tsx";
import type { Row, Step, Whole } from "../wire.ts";

interface Bar {
  readonly key: string;
  readonly name: string;
  readonly depth: number;
  readonly href?: string;
  readonly more: string;
  readonly pieces: readonly { kind: string; from: number; to: number; said: string }[];
}

const MOST = 40;

/** The timeline. */
export function Timeline({ whole }: { whole: Whole }): JSX.Element {
  const [all, setAll] = useState(false);
  const isLive = whole.execution.completedAt === null;
  const end = isLive
    ? now.value
    : Math.max(...whole.family.map(({ completedAt }) => Date.parse(completedAt ?? "") || 0));
  const bars = useMemo(() => barsOf(whole, end), [whole, end]);
  const from = Date.parse(whole.execution.createdAt);
  const span = Math.max(1, end - from);
  const kinds = Map.groupBy(whole.family.filter(({ id }) => id !== whole.execution.id), ({ type }) => type);
  const waits = bars.length - whole.family.length;
  const told = [
    ...[...kinds].map(([type, rows]) => many(rows.length, type)),
    ...(waits > 0 ? [many(waits, "wait")] : []),
  ];
  return (
    <section class="panel gap" aria-label="Timeline">
      <header>
        <h2>Timeline</h2>
        <span class="soft">
          {told.length === 0 ? "it started nothing" : told.join(" · ")}
          {whole.hasMore && ", and more"}
        </span>
        <span class="end">{duration(span)}</span>
      </header>
      <ol class="timeline">
        {bars.slice(0, all ? undefined : MOST).map((bar) => (
          <Line key={bar.key} bar={bar} from={from} span={span} />
        ))}
      </ol>
      {bars.length > MOST && !all && (
        <p class="pad">
          <button type="button" class="plain" onClick={() => setAll(true)}>
            Show {many(bars.length - MOST, "other")}
          </button>
        </p>
      )}
    </section>
  );
}

function Line({ bar, from, span }: { bar: Bar; from: number; span: number }): JSX.Element {
  const total = bar.pieces.length === 0 ? 0 : bar.pieces.at(-1)!.to - bar.pieces[0]!.from;
  const at = (time: number): number => Math.max(0, Math.min(100, (100 * (time - from)) / span));
  return (
    <li class="time-row">
      <span class="cut" style={{ paddingLeft: `${Math.min(bar.depth, 8) * 12}px` }}>
        {bar.href === undefined ? <span class="soft">{bar.name}</span> : <a href={bar.href}>{bar.name}</a>}
        {bar.more !== "" && <span class="faint after">{bar.more}</span>}
      </span>
      <span class="lane">
        {bar.pieces.map(({ kind, from: begin, to, said }, index) => (
          <span
            key={index}
            class={`piece ${kind}`}
            title={said}
            style={{ left: `min(${at(begin)}%, calc(100% - 4px))`, width: `${at(to) - at(begin)}%` }}
          />
        ))}
      </span>
      <span class="right soft">{duration(total)}</span>
    </li>
  );
}

function barsOf({ execution, family, steps }: Whole, end: number): Bar[] {
  const children = Map.groupBy(family, ({ parentId, id }) => id === execution.id ? "" : parentId ?? "");
  const bars: Bar[] = [];
  const add = (row: Row, depth: number): void => {
    bars.push(barOf(row, depth, end));
    const own = depth === 0 ? waitsOf(steps, end, execution.completedAt) : [];
    const next: [number, () => void][] = [
      ...(children.get(row.id) ?? []).map((
        child,
      ): [number, () => void] => [Date.parse(child.createdAt), () => add(child, depth + 1)]),
      ...own.map((bar): [number, () => void] => [bar.pieces[0]!.from, () => bars.push(bar)]),
    ];
    for (const [, draw] of next.sort(([a], [b]) => a - b)) draw();
  };
  for (const row of children.get("") ?? []) add(row, 0);
  return bars;
}

function barOf(row: Row, depth: number, end: number): Bar {
  const created = Date.parse(row.createdAt);
  const claimed = row.startedAt === null ? undefined : Date.parse(row.startedAt);
  const over = row.completedAt === null ? end : Date.parse(row.completedAt);
  const said = (what: string, from: number, to: number): string =>
    `${what}: ${full(from)}, ${duration(to - from)}`;
  const pieces: { kind: string; from: number; to: number; said: string }[] = [];
  if (row.type === "workflow") {
    const kind = row.status === "suspended" || row.status === "pending" ? "waiting" : row.status;
    pieces.push({ kind, from: created, to: over, said: said(statusName(row.status), created, over) });
  } else {
    const begins = Math.min(claimed ?? over, over);
    // Before the last attempt it waited in its queue, or made attempts that failed.
    const kind = row.attempt > 1 ? "waiting" : "queued";
    const what = row.attempt > 1
      ? `${many(row.attempt - 1, "attempt")} before, and the pauses`
      : "in its queue";
    if (begins > created) pieces.push({ kind, from: created, to: begins, said: said(what, created, begins) });
    if (claimed !== undefined) {
      pieces.push({
        kind: row.status,
        from: begins,
        to: over,
        said: said(statusName(row.status), begins, over),
      });
    }
  }
  return {
    ...{ key: row.id, name: visible(row.target), depth, pieces, href: executionHref(row.id) },
    more: row.attempt > 1 ? `×${row.attempt}` : "",
  };
}

// Timers and signals have no row of their own: a step asked for them, and another one took them.
function waitsOf(steps: readonly Step[], end: number, completedAt: string | null): Bar[] {
  const open = new Map<string, { name: string; from: number }>();
  const bars: Bar[] = [];
  const close = (id: string, to: number): void => {
    const one = open.get(id);
    if (one === undefined) return;
    open.delete(id);
    const said = `${one.name}: ${full(one.from)}, ${duration(to - one.from)}`;
    bars.push({
      key: id,
      name: one.name,
      depth: 1,
      more: "",
      pieces: [{ kind: "waiting", from: one.from, to, said }],
    });
  };
  for (const { at, started, took } of steps) {
    for (const { id } of took) if (id !== undefined) close(id, Date.parse(at));
    for (const { kind, id, name } of started) {
      if (id === undefined || (kind !== "timer" && kind !== "signal")) continue;
      open.set(id, {
        name: kind === "signal" ? `signal ${visible(name ?? "")}` : "timer",
        from: Date.parse(at),
      });
    }
  }
  for (const id of [...open.keys()]) close(id, completedAt === null ? end : Date.parse(completedAt));
  return bars;
}
