/** Is all well? What ended, what waits, what fails, what comes next. */
import type { JSX } from "preact";
import { usePage } from "../api.ts";
import { about, ago, brief, count, duration, many, now, short, visible } from "../format.ts";
import { href, place, withQuery } from "../router.ts";
import { Bones, Empty, Time, Trouble } from "../ui.tsx";
import type { Overview as Data } from "../wire.ts";
import { Trend } from "./failures.tsx";

/** The screen. */
export function Overview(): JSX.Element {
  const span = place.value.query.get("span") ?? undefined;
  const asked = SPANS.some(([one]) => one === span) ? span : undefined;
  const { data, error } = usePage<Data>(`overview${asked === undefined ? "" : `?span=${asked}`}`);
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Overview</h1>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones rows={10} />}
      {data !== undefined && <Show data={data} />}
    </>
  );
}

function Show({ data }: { data: Data }): JSX.Element {
  const { pulse, queues, workers, failures, due } = data;
  const alive = workers.filter(({ leaseUntil }) => Date.parse(leaseUntil) > now.value);
  const sum = (name: "ready" | "running" | "suspended" | "delayed"): number =>
    queues.reduce((all, queue) => all + queue[name], 0);
  const oldest = queues.map(({ oldestAt }) => oldestAt).filter((at) => at !== null).sort()[0];
  const figures: [string, string, string, string][] = [
    ["ended in the last minute", `${brief(pulse.perMinute!)}/min`, "", href("executions")],
    ["running", brief(sum("running")), "", href("executions", { q: "status:running" })],
    [
      "ready",
      brief(sum("ready")),
      oldest !== undefined && now.value - Date.parse(oldest) > 60_000 ? "bad" : "",
      href("executions", { q: "status:pending" }),
    ],
    ["waiting", brief(sum("suspended")), "", href("executions", { q: "status:waiting" })],
    [
      "new failures",
      brief(pulse.newFailures!),
      pulse.newFailures! > 0 ? "bad" : "",
      href("failures", { state: "new" }),
    ],
    [
      alive.length === 1 ? "worker" : "workers",
      count(alive.length),
      alive.length === 0 ? "bad" : "",
      href(""),
    ],
  ];
  return (
    <>
      <Attention data={data} alive={alive.length} />
      <div class="panel">
        <div class="figures">
          {figures.map(([name, figure, kind, to]) =>
            to === href("")
              ? (
                <div key={name}>
                  <b class={kind}>{figure}</b>
                  <span class="soft">{name}</span>
                </div>
              )
              : (
                <a key={name} href={to}>
                  <b class={kind}>{figure}</b>
                  <span class="soft">{name}</span>
                </a>
              )
          )}
        </div>
      </div>
      <Ended data={data} />
      <div class="two">
        <section class="panel" aria-label="Queues">
          <header>
            <h2>Queues</h2>
            <span class="end">oldest first</span>
          </header>
          {queues.length === 0
            ? <Empty title="No queue has work" />
            : (
              <div class="scroll" tabIndex={0} role="group" aria-label="Table of queues">
                <table>
                  <thead>
                    <tr>
                      <th>Queue</th>
                      <th class="num">Ready</th>
                      <th class="num">Oldest</th>
                      <th class="num">Running</th>
                      <th class="num">Waiting</th>
                      <th class="num">Workers</th>
                    </tr>
                  </thead>
                  <tbody>
                    {[...queues].sort((a, b) => (a.oldestAt ?? "9").localeCompare(b.oldestAt ?? "9")).slice(
                      0,
                      12,
                    ).map((queue) => (
                      <tr key={queue.queue}>
                        <td>
                          <a class="link" href={href(`queues/${encodeURIComponent(queue.queue)}`)}>
                            {visible(queue.queue)}
                          </a>{" "}
                          {queue.paused && <span class="badge known">paused</span>}
                        </td>
                        <td class="num">{about(queue.ready, queue.isEstimate)}</td>
                        <td class="num soft">
                          {queue.oldestAt === null ? "–" : duration(now.value - Date.parse(queue.oldestAt))}
                        </td>
                        <td class="num">
                          {count(queue.running)}
                          {queue.concurrency !== null && (
                            <span class="faint after">of {count(queue.concurrency)}</span>
                          )}
                        </td>
                        <td class="num">{count(queue.suspended)}</td>
                        <td class={`num ${queue.workers === 0 && queue.ready > 0 ? "bad" : ""}`}>
                          {queue.workers}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
        </section>
        <section class="panel" aria-label="Failures">
          <header>
            <h2>Failures</h2>
            <a class="end link" href={href("failures")}>All kinds</a>
          </header>
          {failures.length === 0 ? <Empty title="Nothing has failed" /> : (
            <ul class="lines2">
              {failures.map((kind) => (
                <li key={kind.fingerprint}>
                  <span class={`badge ${kind.state}`}>{kind.state}</span>
                  <span class="grow cut" title={visible(kind.message ?? "")}>
                    <b>{visible(kind.target)}</b> {visible(kind.message ?? kind.errorType ?? "")}
                  </span>
                  <Trend trend={kind.trend} />
                  <a class="link" href={href("executions", { q: `failure:${kind.fingerprint}` })}>
                    {brief(kind.count)}
                  </a>
                </li>
              ))}
            </ul>
          )}
        </section>
        <section class="panel" aria-label="Workers">
          <header>
            <h2>Workers</h2>
          </header>
          {workers.length === 0
            ? (
              <Empty title="No worker is there">
                <pre>rhythm worker</pre>
              </Empty>
            )
            : (
              <ul class="lines2">
                {workers.slice(0, 8).map((worker) => {
                  const isAlive = Date.parse(worker.leaseUntil) > now.value;
                  return (
                    <li key={worker.id}>
                      <span class={`state ${isAlive ? "completed" : "failed"} grow`}>
                        <span class="cut">{visible(worker.name)}</span>
                      </span>
                      <span class="soft">{many(worker.running, "in hand", "in hand")}</span>
                      <span class="soft">
                        {isAlive ? `up ${duration(now.value - Date.parse(worker.startedAt))}` : (
                          <>
                            silent since <Time at={worker.beatAt} />
                          </>
                        )}
                      </span>
                    </li>
                  );
                })}
              </ul>
            )}
        </section>
        <section class="panel" aria-label="What comes next">
          <header>
            <h2>Comes next</h2>
          </header>
          {due.length === 0 ? <Empty title="No schedule is set" /> : (
            <ul class="lines2">
              {due.map(({ name, target, nextRunAt, cron, lastError }) => (
                <li key={name}>
                  <span class="grow cut">
                    <b>{visible(name)}</b> <span class="soft">{visible(target)}</span>
                  </span>
                  {lastError !== null && <span class="badge new">last run failed</span>}
                  <code class="faint">{cron}</code>
                  <span class="soft" title={short(nextRunAt)}>{ago(nextRunAt, now.value)}</span>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
    </>
  );
}

function Attention({ data, alive }: { data: Data; alive: number }): JSX.Element | null {
  const { queues, pauses, operations } = data;
  const said: [string, JSX.Element][] = [];
  const unserved = queues.filter(({ ready, workers }) => ready > 0 && workers === 0);
  if (alive === 0) {
    said.push([
      "bad",
      <span key="">
        <b>No worker is alive.</b> Nothing runs until one is started: <code>rhythm worker</code>
      </span>,
    ]);
  } else if (unserved.length > 0) {
    said.push([
      "bad",
      <span key="">
        <b>No worker takes from {unserved.map(({ queue }) => queue).join(", ")}.</b>{" "}
        {many(unserved.reduce((all, { ready }) => all + ready, 0), "execution is", "executions are")}{" "}
        ready there
      </span>,
    ]);
  }
  for (const { kind, name, pausedAt, pausedBy, reason } of pauses.slice(0, 3)) {
    said.push([
      "wait",
      (
        <span key="">
          <b>
            {kind === "everything"
              ? "Everything"
              : `${kind === "workflow" ? "Flow" : kind[0]!.toUpperCase() + kind.slice(1)} ${name ?? ""}`}{" "}
            is paused
          </b>{" "}
          since <Time at={pausedAt} /> by {pausedBy ?? "somebody"}
          {reason !== null && `: ${reason}`}
        </span>
      ),
    ]);
  }
  for (const { id, action, done } of operations) {
    said.push([
      "",
      <span key="">
        <b>An operation is under way:</b> {action}, {count(done)} done.{" "}
        <a class="link" href={href(`operations/${id}`)}>Watch it</a>
      </span>,
    ]);
  }
  if (said.length === 0) return null;
  return <>{said.map(([kind, what], index) => <div key={index} class={`notice ${kind}`}>{what}</div>)}</>;
}

const SPANS: [span: string | undefined, name: string][] = [
  [undefined, "1 h"],
  ["day", "24 h"],
  ["quarter", "90 d"],
];
const EACH = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const LONG = { minute: "the last hour", hour: "the last 24 hours", day: "the last 90 days" } as const;

/** What ended in each minute, hour or day. */
function Ended({ data }: { data: Data }): JSX.Element {
  const { each, count: bars, spans } = data.ended;
  const size = EACH[each];
  const last = Math.floor(Date.parse(data.now) / size);
  const found = new Map(spans.map((one) => [Math.floor(Date.parse(one.at) / size), one]));
  const all = Array.from({ length: bars }, (_, index) => {
    const nth = last - bars + 1 + index;
    const { ok = 0, failed = 0 } = found.get(nth) ?? {};
    return { at: nth * size, ok, failed };
  });
  const most = Math.max(1, ...all.map(({ ok, failed }) => ok + failed));
  const sum = (part: "ok" | "failed"): number => all.reduce((total, one) => total + one[part], 0);
  const width = 600 / bars;
  const span = place.value.query.get("span") ?? undefined;
  return (
    <section class="panel gap" aria-label={`Ended in each ${each} of ${LONG[each]}`}>
      <header class="wrap">
        <h2>Ended</h2>
        <nav class="tabs" aria-label="Time">
          {SPANS.map(([one, name]) => (
            <a key={name} href={withQuery({ span: one })} aria-current={one === span ? "true" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <span class="end legend">
          <span>{count(sum("ok"))} completed</span>
          <span class="bad">{count(sum("failed"))} failed</span>
        </span>
      </header>
      <div class="pad">
        <svg
          class="chart"
          viewBox="0 0 600 120"
          preserveAspectRatio="none"
          role="img"
          aria-label={`${count(sum("ok"))} completed and ${count(sum("failed"))} failed in ${LONG[each]}`}
        >
          {all.map(({ at, ok, failed }, index) => {
            const [high, low] = [(116 * ok) / most, (116 * failed) / most];
            const bar = { x: index * width + width * 0.1, width: width * 0.8 };
            return (
              <g key={at}>
                <title>{`${short(at)}: ${ok} completed, ${failed} failed`}</title>
                <rect class="none" {...bar} y={119} height="1" />
                {ok > 0 && (
                  <rect class="ok" {...bar} y={120 - Math.max(high, 2)} height={Math.max(high, 2)} />
                )}
                {failed > 0 && (
                  <rect class="bad" {...bar} y={120 - high - Math.max(low, 3)} height={Math.max(low, 3)} />
                )}
              </g>
            );
          })}
        </svg>
        <div class="row faint">
          <span class="grow">{short(all[0]!.at)}</span>
          <span>most: {count(most)} in {each === "hour" ? "an" : "a"} {each}</span>
          <span class="grow right">now</span>
        </div>
      </div>
    </section>
  );
}
