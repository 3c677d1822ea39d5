/** Is all well? What ended, what waits, what fails, what comes next. */
import type { JSX } from "preact";
import { usePage } from "../api.ts";
import { ago, brief, count, duration, many, now, short, visible } from "../format.ts";
import { href } from "../router.ts";
import { Bones, Empty, Time, Trouble } from "../ui.tsx";
import type { Overview as Data } from "../wire.ts";
import { Trend } from "./failures.tsx";

/** The screen. */
export function Overview(): JSX.Element {
  const { data, error } = usePage<Data>("overview");
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
    ["ended a minute ago", `${brief(pulse.perMinute!)}/min`, "", href("executions")],
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
                          <a class="link" href={href("executions", { q: `queue:${queue.queue}` })}>
                            {visible(queue.queue)}
                          </a>{" "}
                          {queue.paused && <span class="badge known">paused</span>}
                        </td>
                        <td class="num">{count(queue.ready)}</td>
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

/** What ended in each minute of the last hour. */
function Ended({ data }: { data: Data }): JSX.Element {
  const last = Math.floor(Date.parse(data.now) / 60_000);
  const minutes = Array.from(
    { length: 60 },
    (_, index) => ({ at: (last - 59 + index) * 60_000, ok: 0, bad: 0 }),
  );
  for (const { at, completed, cancelled, failed } of data.rates) {
    const minute = minutes[Math.floor(Date.parse(at) / 60_000) - (last - 59)];
    if (minute === undefined) continue;
    minute.ok += completed + cancelled;
    minute.bad += failed;
  }
  const most = Math.max(1, ...minutes.map(({ ok, bad }) => ok + bad));
  const all = minutes.reduce((sum, { ok, bad }) => ({ ok: sum.ok + ok, bad: sum.bad + bad }), {
    ok: 0,
    bad: 0,
  });
  return (
    <section class="panel gap" aria-label="Ended in each minute of the last hour">
      <header>
        <h2>Ended</h2>
        <span class="soft">last hour, by the minute</span>
        <span class="end legend">
          <span>{count(all.ok)} completed</span>
          <span class="bad">{count(all.bad)} failed</span>
        </span>
      </header>
      <div class="pad">
        <svg
          class="chart"
          viewBox="0 0 600 120"
          preserveAspectRatio="none"
          role="img"
          aria-label={`${count(all.ok)} completed and ${count(all.bad)} failed in the last hour`}
        >
          {minutes.map(({ at, ok, bad }, index) => {
            const [high, low] = [(116 * ok) / most, (116 * bad) / most];
            return (
              <g key={at}>
                <title>{`${short(at)}: ${ok} completed, ${bad} failed`}</title>
                <rect class="none" x={index * 10 + 1} y={119} width="8" height="1" />
                {ok > 0 && (
                  <rect
                    class="ok"
                    x={index * 10 + 1}
                    y={120 - Math.max(high, 2)}
                    width="8"
                    height={Math.max(high, 2)}
                  />
                )}
                {bad > 0 && (
                  <rect
                    class="bad"
                    x={index * 10 + 1}
                    y={120 - high - Math.max(low, 3)}
                    width="8"
                    height={Math.max(low, 3)}
                  />
                )}
              </g>
            );
          })}
        </svg>
        <div class="row faint">
          <span class="grow">{short(minutes[0]!.at)}</span>
          <span>most: {count(most)} a minute</span>
          <span class="grow right">now</span>
        </div>
      </div>
    </section>
  );
}
