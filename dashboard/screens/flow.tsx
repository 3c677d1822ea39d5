/** One flow: its source with what happens at each line, its versions, its picture, and what can be done with it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, refresh, usePage } from "../api.ts";
import { count, duration, many, visible } from "../format.ts";
import { go, href, place, withQuery } from "../router.ts";
import {
  Bones,
  Button,
  complain,
  Dialog,
  Empty,
  type Figure,
  Figures,
  Paused,
  PauseDialog,
  say,
  Trouble,
} from "../ui.tsx";
import type { FlowVersion, Graph, Shape, WholeFlow } from "../wire.ts";
import { h } from "preact";
import { Heat } from "./heat.tsx";
import { Migrate } from "./migrate.tsx";
import { StartDialog } from "./start_flow.tsx";
import { Versions } from "./versions.tsx";

const SPANS: [hours: number, name: string, short: string][] = [
  [1, "last hour", "1 h"],
  [24, "last 24 hours", "24 h"],
  [168, "last 7 days", "7 d"],
  [2_160, "last 90 days", "90 d"],
];
const TABS: [id: string, name: string][] = [
  ["source", "Source"],
  ["graph", "Graph"],
  ["versions", "Versions"],
  ["migrate", "Migrate"],
];

function path(name: string): string {
  return `flows/${encodeURIComponent(name)}`;
}

/** One flow. */
export function FlowScreen({ id: name }: { id: string }): JSX.Element {
  const { query } = place.value;
  const search = new URLSearchParams();
  for (const part of ["version", "hours"]) {
    const value = query.get(part);
    if (value !== null && /^\d+$/.test(value)) search.set(part, value);
  }
  const text = search.toString();
  const { data, error } = usePage<WholeFlow>(`${path(name)}${text === "" ? "" : `?${text}`}`);
  if (data === undefined) {
    return error === undefined ? <Bones rows={14} /> : (
      <>
        <Trouble error={error} />
        <a class="link" href={href("flows")}>All flows</a>
      </>
    );
  }
  const wanted = query.get("tab");
  const tab = TABS.find(([one]) => one === wanted)?.[0] ?? "source";
  return (
    <>
      <Head flow={data} />
      {error !== undefined && <Trouble error={error} />}
      {data.pause !== null && <Paused what="This flow" pause={data.pause} />}
      <Figures figures={figuresOf(data)} />
      <Bar {...{ flow: data, tab }} />
      {tab === "source" && <Heat flow={data} />}
      {tab === "graph" && <Picture name={name} version={data.version} />}
      {tab === "versions" && <Versions flow={data} onCurrent={(version) => makeCurrent(name, version)} />}
      {tab === "migrate" && <Migrate flow={data} />}
    </>
  );
}

function figuresOf({ name, row, rates, hours }: WholeFlow): Figure[] {
  const waiting = row.waits.reduce((sum, one) => sum + one.waiting, 0);
  const ended = rates.reduce((all, one) => all + one.completed + one.failed + one.cancelled, 0);
  const slowest = Math.max(0, ...rates.map(({ p95Ms }) => p95Ms ?? 0));
  const to = (status: string): string => href("executions", { q: `flow:${name} status:${status}` });
  const span = SPANS.find(([one]) => one === hours)?.[2] ?? `${hours} h`;
  return [
    { name: "pending", value: count(row.pending), href: to("pending") },
    { name: "running", value: count(row.running), href: to("running") },
    { name: "waiting", value: count(waiting), href: to("waiting") },
    { name: "failed now", value: count(row.failed), kind: row.failed > 0 ? "bad" : "", href: to("failed") },
    { name: `ended in ${span}`, value: count(ended), kind: "soft" },
    { name: "95 of 100 within", value: slowest === 0 ? "–" : duration(slowest), kind: "soft" },
  ];
}

function Head({ flow }: { flow: WholeFlow }): JSX.Element {
  const { name, row, pause } = flow;
  const [open, setOpen] = useState<"start" | "pause">();
  const current = flow.versions.find(({ isCurrent }) => isCurrent);
  const resume = async (): Promise<void> => {
    try {
      await ask("POST", `${path(name)}/resume`, {});
      say(`The flow ${visible(name)} goes on`);
      refresh("flows");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <div class="title">
      <a class="soft" href={href("flows")}>Flows</a>
      <span class="faint" aria-hidden="true">/</span>
      <h1 tabIndex={-1}>{visible(name)}</h1>
      {pause !== null && <span class="badge known">paused</span>}
      {row.description !== null && <span class="soft cut">{visible(row.description)}</span>}
      <div class="acts">
        <a class="button" href={href("executions", { q: `flow:${name}` })}>Executions</a>
        {pause === null
          ? <Button needs="pauseFlow" onClick={() => setOpen("pause")}>Pause</Button>
          : <Button needs="resumeFlow" onClick={() => void resume()}>Resume</Button>}
        <Button kind="first" needs="startWorkflow" onClick={() => setOpen("start")}>Start</Button>
      </div>
      {open === "start" && current !== undefined && (
        <StartDialog
          {...{ name, version: current }}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === "pause" && (
        <PauseDialog
          what={`the flow ${visible(name)}`}
          path={path(name)}
          onDone={() => refresh("flows")}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}

function Bar({ flow, tab }: { flow: WholeFlow; tab: string }): JSX.Element {
  const hasVersion = tab === "source" || tab === "graph";
  return (
    <div class="bar gap">
      <nav class="tabs" aria-label="Parts of the flow">
        {TABS.map(([id, name]) => (
          <a
            key={id}
            href={withQuery({ tab: id === "source" ? undefined : id })}
            aria-current={id === tab ? "true" : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      {hasVersion && (
        <label class="choice">
          <span class="hidden">Version</span>
          <select
            value={String(flow.version)}
            onChange={(event) => go(withQuery({ version: event.currentTarget.value, line: undefined }))}
          >
            {flow.versions.map((one) => (
              <option key={one.version} value={String(one.version)}>{nameOf(one)}</option>
            ))}
          </select>
        </label>
      )}
      {tab === "source" && (
        <label class="choice">
          <span class="hidden">Time</span>
          <select
            value={String(flow.hours)}
            onChange={(event) => go(withQuery({ hours: event.currentTarget.value }), "replace")}
          >
            {SPANS.map(([hours, name]) => <option key={hours} value={String(hours)}>{name}</option>)}
          </select>
        </label>
      )}
    </div>
  );
}

/** A version in a list to choose from. */
export function nameOf({ version, isCurrent, waiting }: FlowVersion): string {
  return `version ${version}${isCurrent ? ", current" : ""}${
    waiting > 0 ? `, ${count(waiting)} waiting` : ""
  }`;
}

/** Asks, and makes a version the one that new executions start on. */
function makeCurrent(name: string, version: number): Promise<void> {
  return ask("POST", `${path(name)}/version`, { version }).then(() => {
    say(`New executions start on version ${version}`);
    refresh("flows");
  });
}

/** Asks before a version is made the current one. */
export function CurrentDialog({ version, waiting, onGo, onClose }: {
  version: number;
  waiting: number;
  onGo: () => Promise<void>;
  onClose: () => void;
}): JSX.Element {
  return (
    <Dialog title={`Start on version ${version}?`} go="Make it current" onGo={onGo} onClose={onClose}>
      <p>
        What is started from now on runs this version, until another text is deployed. {waiting > 0
          ? `${many(waiting, "workflow")} on other versions stay there.`
          : "What is under way stays on its version."}
      </p>
    </Dialog>
  );
}

function Picture({ name, version }: { name: string; version: number }): JSX.Element {
  const { data, error } = usePage<Graph>(`graphs/${encodeURIComponent(name)}?version=${version}`);
  if (data === undefined) return error === undefined ? <Bones rows={10} /> : <Trouble error={error} />;
  const { picture } = data;
  if (picture === null) {
    return (
      <Empty title="There is no picture of this version">
        <p>It is a workflow in TypeScript, or was written for another version of Rhythm.</p>
      </Empty>
    );
  }
  const { width, height, shapes } = picture;
  return (
    <section class="panel" aria-label="Graph">
      <header>
        <h2>What it does</h2>
        <span class="soft cut">tasks, waits, branches and loops; code between them is left out</span>
        <span class="end">◷ stand there now</span>
      </header>
      <div class="scroll graph" tabIndex={0} role="region" aria-label={`Graph of ${name}`}>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          width={width}
          height={height}
          role="img"
          aria-label={`What ${name} does, step by step`}
          onClick={(event) => {
            const line = (event.target as Element).closest("[data-line]")?.getAttribute("data-line");
            if (line != null) go(withQuery({ tab: undefined, line }));
          }}
        >
          <defs>
            <marker
              id="tip"
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              orient="auto"
            >
              <path class="head" d="M0 0L8 4L0 8z" />
            </marker>
          </defs>
          {shapes.map((shape, index) => <g key={index}>{drawn(shape)}</g>)}
        </svg>
      </div>
    </section>
  );
}

function drawn(shape: Shape | string): JSX.Element | string {
  if (typeof shape === "string") return visible(shape);
  return h(shape.tag, shape.attributes, ...shape.children.map(drawn));
}
