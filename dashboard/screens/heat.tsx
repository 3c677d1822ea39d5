/** The source of a flow with what happens at each line: who stands there, how long it takes, what fails. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, refresh } from "../api.ts";
import { CodeLine, frontMatter } from "../code.tsx";
import { brief, count, cut, duration, many, visible } from "../format.ts";
import { go, href, place, withQuery } from "../router.ts";
import { Button, complain, Dialog, Empty, Field, say, Time, useKeys } from "../ui.tsx";
import type { FlowVersion, Gate, HeatLine, WholeFlow } from "../wire.ts";

interface Spot {
  readonly line: number;
  readonly text: string;
  readonly standing: number;
  readonly heat: HeatLine | undefined;
  /** Its share of all the time that is waited, from 0 to 1. */
  readonly share: number;
  readonly gate: Gate | undefined;
}

/** The source, and what is known of one line, or of all. */
export function Heat({ flow }: { flow: WholeFlow }): JSX.Element {
  const version = flow.versions.find((one) => one.version === flow.version);
  const spots = useMemo(() => version === undefined ? [] : spotsOf(flow, version), [flow, version]);
  const asked = Number(place.value.query.get("line"));
  const chosen = spots.find(({ line }) => line === asked);
  const choose = (line: number | undefined): void =>
    go(withQuery({ line: line === undefined ? undefined : String(line) }), "replace");
  const hot = spots.filter(({ standing, heat, gate }) => standing > 0 || heat !== undefined || gate);
  const move = (by: 1 | -1): void => {
    const at = chosen?.line ?? (by === 1 ? 0 : Infinity);
    const next = by === 1 ? hot.find(({ line }) => line > at) : hot.findLast(({ line }) => line < at);
    if (next !== undefined) choose(next.line);
  };
  useKeys({ j: () => move(1), k: () => move(-1), Escape: () => choose(undefined) });
  if (version === undefined) {
    return (
      <Empty title={`There is no version ${flow.version}`}>
        <a class="link" href={withQuery({ version: undefined })}>Show the current one</a>
      </Empty>
    );
  }
  return (
    <div class="split">
      <section class="panel" aria-label="Source">
        <header>
          <h2>{visible(flow.name)}.flow</h2>
          <Legend />
          <span class="end">version {version.version}</span>
        </header>
        <Code {...{ spots, source: version.source, chosen: chosen?.line }} onChoose={choose} />
      </section>
      {chosen === undefined
        ? <Summary {...{ flow, hot }} onChoose={choose} />
        : <OneLine {...{ flow, spot: chosen }} onClose={() => choose(undefined)} />}
    </div>
  );
}

function spotsOf(flow: WholeFlow, version: FlowVersion): Spot[] {
  const heatAt = new Map(flow.lines.map((one) => [one.line, one]));
  const standing = new Map(
    flow.standing.filter((one) => one.version === version.version).map((one) => [one.line, one.executions]),
  );
  const cost = (one: HeatLine | undefined): number => (one?.came ?? 0) * (one?.meanMs ?? 0);
  const all = flow.lines.reduce((sum, one) => sum + cost(one), 0);
  return version.source.replace(/\n$/, "").split("\n").map((text, index) => {
    const line = index + 1;
    const heat = heatAt.get(line);
    return {
      ...{ line, text, heat, standing: standing.get(line) ?? 0, share: all > 0 ? cost(heat) / all : 0 },
      gate: flow.gates.find((gate) => gate.version === version.version && gate.line === line),
    };
  });
}

// Five steps that the eye can tell apart: shares differ by powers.
function warmth(share: number): number {
  return share <= 0 ? 0 : share < 0.01 ? 1 : share < 0.05 ? 2 : share < 0.2 ? 3 : share < 0.5 ? 4 : 5;
}

function Legend(): JSX.Element {
  return (
    <span class="soft row legend-heat">
      <span>◷ stand there now</span>
      <span class="row" role="img" aria-label="Colour: share of the time that is waited, from little to most">
        little
        {[1, 2, 3, 4, 5].map((step) => <i key={step} class={`warm-${step}`} />)}
        most of the time
      </span>
    </span>
  );
}

function Code({ spots, source, chosen, onChoose }: {
  spots: readonly Spot[];
  source: string;
  chosen: number | undefined;
  onChoose: (line: number) => void;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const fences = useMemo(() => frontMatter(source), [source]);
  const fails = spots.some(({ heat }) => (heat?.failed ?? 0) > 0);
  useEffect(() => {
    const row = box.current?.querySelector<HTMLElement>("[aria-current]");
    if (row == null || box.current === null) return;
    const { scrollTop, clientHeight } = box.current;
    const top = row.offsetTop - box.current.offsetTop;
    if (top < scrollTop + 40 || top > scrollTop + clientHeight - 40) {
      box.current.scrollTop = top - clientHeight / 2;
    }
  }, [chosen]);
  return (
    <div
      class={`code heat ${fails ? "fails" : ""}`}
      ref={box}
      tabIndex={0}
      role="region"
      aria-label="Source with what happens at each line"
    >
      <div class="heads" aria-hidden="true">
        <span>now</span>
        <span>came</span>
        <span>p50</span>
        <span>p95</span>
        {fails && <span>failed</span>}
      </div>
      <ol>
        {spots.map(({ line, text, standing, heat, share, gate }) => {
          const said = [
            ...(standing > 0 ? [`${many(standing, "workflow")} here now`] : []),
            ...(heat === undefined
              ? []
              : [`came ${many(heat.came, "time")}`, `failed ${many(heat.failed, "time")}`]),
            ...(gate === undefined ? [] : ["a gate"]),
          ];
          return (
            <li
              key={line}
              class={`warm-${warmth(share)} ${line === chosen ? "chosen" : ""}`}
              aria-current={line === chosen ? "true" : undefined}
            >
              <span class="cells">
                <b>{standing > 0 ? `◷ ${brief(standing)}` : ""}</b>
                <span>{heat !== undefined && heat.came > 0 ? brief(heat.came) : ""}</span>
                <span>{time(heat?.p50Ms)}</span>
                <span>{time(heat?.p95Ms)}</span>
                {fails && (
                  <b class="bad">{heat !== undefined && heat.failed > 0 ? brief(heat.failed) : ""}</b>
                )}
              </span>
              <button
                type="button"
                class="nr"
                tabIndex={said.length > 0 ? 0 : -1}
                aria-label={`Line ${line}${said.length === 0 ? "" : `: ${said.join(", ")}`}`}
                onClick={() => onChoose(line)}
              >
                {line}
              </button>
              <span class="mark" title={gate === undefined ? undefined : "a gate"}>
                {gate === undefined ? "" : "‖"}
              </span>
              <CodeLine text={visible(text)} isFold={line <= fences} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function time(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "" : duration(ms).replaceAll(" ", "\u00a0");
}

function Summary({ flow, hot, onChoose }: {
  flow: WholeFlow;
  hot: readonly Spot[];
  onChoose: (line: number) => void;
}): JSX.Element {
  const slow = hot.filter(({ share }) => share >= 0.01).sort((a, b) => b.share - a.share).slice(0, 5);
  const failing = hot.filter(({ heat }) => (heat?.failed ?? 0) + (heat?.retried ?? 0) > 0)
    .sort((a, b) => b.heat!.failed - a.heat!.failed || b.heat!.retried - a.heat!.retried).slice(0, 5);
  const here = hot.filter(({ standing }) => standing > 0).sort((a, b) => b.standing - a.standing).slice(0, 5);
  const elsewhere = flow.gates.filter((gate) => gate.line === null || gate.version !== flow.version);
  const lists: [string, readonly Spot[], (spot: Spot) => string][] = [
    ["They stand here now", here, ({ standing }) => count(standing)],
    ["Here most of the time goes", slow, ({ share, heat }) => `${percent(share)} · p95 ${time(heat!.p95Ms)}`],
    [
      "Here it fails",
      failing,
      ({ heat }) =>
        [
          ...(heat!.failed > 0 ? [`${count(heat!.failed)} failed`] : []),
          ...(heat!.retried > 0 ? [`${count(heat!.retried)} repeated`] : []),
        ].join(" · "),
    ],
  ];
  const some = lists.filter(([, spots]) => spots.length > 0);
  return (
    <section class="panel" aria-label="Hot lines">
      <header>
        <h2>Hot lines</h2>
        <span class="end faint">j k · a line number shows more</span>
      </header>
      {some.length === 0 && elsewhere.length === 0 && (
        <Empty title="Nothing has happened in this time">
          <p>Start it, or choose a longer time. Workers send their counts every few seconds.</p>
        </Empty>
      )}
      {some.map(([name, spots, told]) => (
        <div key={name} class="why">
          <h2>{name}</h2>
          <ul>
            {spots.map((spot) => (
              <li key={spot.line} class="row">
                <button type="button" class="plain" onClick={() => onChoose(spot.line)}>
                  line {spot.line}
                </button>
                <code class="cut grow soft">{visible(cut(spot.text.trim(), 80))}</code>
                <span class="soft after nowrap">{told(spot)}</span>
              </li>
            ))}
          </ul>
        </div>
      ))}
      {elsewhere.length > 0 && (
        <div class="why">
          <h2>Other gates</h2>
          <ul>
            {elsewhere.map((gate) => (
              <li key={gate.id}>
                <GateLine gate={gate} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function percent(share: number): string {
  return `${Math.max(1, Math.round(share * 100))} %`;
}

function OneLine({ flow, spot, onClose }: { flow: WholeFlow; spot: Spot; onClose: () => void }): JSX.Element {
  const { line, text, heat, standing, share, gate } = spot;
  const [open, setOpen] = useState(false);
  const found = (status: string): string =>
    href("executions", { q: `flow:${flow.name} version:${flow.version} line:${line} status:${status}` });
  const facts: [string, JSX.Element | string][] = [
    [
      "here now",
      standing === 0 ? "none" : <a key="" class="link" href={found("waiting")}>{count(standing)}</a>,
    ],
    ...(heat === undefined ? [] : [
      ["came", count(heat.came)],
      ["waited p50", heat.p50Ms === null ? "–" : duration(heat.p50Ms)],
      ["waited p95", heat.p95Ms === null ? "–" : duration(heat.p95Ms)],
      ["waited p99", heat.p99Ms === null ? "–" : duration(heat.p99Ms)],
      ["of all waiting", share === 0 ? "–" : percent(share)],
      [
        "failed",
        heat.failed === 0 ? "0" : <a key="" class="link bad" href={found("failed")}>{count(heat.failed)}</a>,
      ],
      ["repeated", count(heat.retried)],
    ] as [string, JSX.Element | string][]),
  ];
  return (
    <section class="panel" aria-label={`Line ${line}`}>
      <header>
        <h2>Line {line}</h2>
        <span class="end">
          <Button kind="icon" aria-label="Show all lines" title="Esc" onClick={onClose}>×</Button>
        </span>
      </header>
      <pre class="raw mono"><CodeLine text={visible(text.trim())} isFold={false} /></pre>
      <dl class="vars">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {heat === undefined && standing === 0 && (
        <p class="pad soft">
          Nothing waited or failed here in this time. Workflows wait at an <code>await</code>.
        </p>
      )}
      <div class="why">
        <h2>Gate</h2>
        {gate === undefined
          ? (
            <>
              <p class="soft">Workflows would stop here until you let them on.</p>
              <p class="gap">
                <Button onClick={() => setOpen(true)}>Set a gate here</Button>
              </p>
            </>
          )
          : <GateLine gate={gate} />}
      </div>
      {open && <GateDialog {...{ flow, line }} onClose={() => setOpen(false)} />}
    </section>
  );
}

function GateLine({ gate }: { gate: Gate }): JSX.Element {
  const { id, line, before, executions, setBy, setAt, note, version } = gate;
  const remove = async (): Promise<void> => {
    try {
      await ask("DELETE", `gates/${id}`);
      say("The gate is gone, and what stood there goes on");
      refresh("flows");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <div class="row wrap">
      <span class="grow">
        {before === null ? `Line ${line} of version ${version}` : (
          <>
            before the task <b>{visible(before)}</b>
          </>
        )}: {many(executions, "workflow stands", "workflows stand")} there{" "}
        <span class="soft">
          · set by {visible(setBy)} <Time at={setAt} />
          {note !== null && `: ${visible(note)}`}
        </span>
      </span>
      <Button onClick={() => void remove()}>Remove</Button>
    </div>
  );
}

function GateDialog({ flow, line, onClose }: {
  flow: WholeFlow;
  line: number;
  onClose: () => void;
}): JSX.Element {
  const [note, setNote] = useState("");
  return (
    <Dialog
      title={`A gate in line ${line}`}
      go="Set it"
      onClose={onClose}
      onGo={async () => {
        await ask("POST", `flows/${encodeURIComponent(flow.name)}/gates`, {
          ...{ line, version: flow.version },
          ...(note === "" ? {} : { note }),
        });
        say(`There is a gate in line ${line}`);
        refresh("flows");
      }}
    >
      <p>
        Workflows of version {flow.version}{" "}
        stop in this line once what they wait for there has ended. Let each of them on at its own page, or all
        of them by removing the gate.
      </p>
      <Field label="Why" value={note} onInput={setNote} autoFocus />
    </Dialog>
  );
}
