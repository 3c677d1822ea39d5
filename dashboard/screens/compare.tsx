/** Two runs of a flow side by side: where they part, and in what. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { usePage } from "../api.ts";
import { Source } from "../code.tsx";
import { ago, duration, inline, now, shortId, visible } from "../format.ts";
import { go, href, place, withQuery } from "../router.ts";
import { searchOf } from "../query.ts";
import { Bones, Button, Empty, executionHref, Field, Id, State, Time, Trouble } from "../ui.tsx";
import type { Comparison, Fibre, Json, RowPage, Whole } from "../wire.ts";
import { Difference } from "./versions.tsx";

type Side = Comparison["sides"][number];

/** The address of a comparison. */
export function compareHref(one: string, other?: string): string {
  return href("compare", { one, other });
}

/** The screen. */
export function Compare(): JSX.Element {
  const { query } = place.value;
  const [one, other] = [query.get("one"), query.get("other")];
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Compare two runs</h1>
        {one !== null && other !== null && (
          <div class="acts">
            <a class="button" href={compareHref(one)}>Another one</a>
            <a class="button" href={compareHref(other, one)}>Swap</a>
          </div>
        )}
      </div>
      {one === null ? <Ask /> : other === null ? <Choose one={one} /> : <Both {...{ one, other }} />}
    </>
  );
}

function Ask(): JSX.Element {
  const [one, setOne] = useState("");
  const [other, setOther] = useState("");
  return (
    <section class="panel" aria-label="Which two">
      <form
        class="pad"
        onSubmit={(event) => {
          event.preventDefault();
          go(compareHref(one.trim(), other.trim()));
        }}
      >
        <p class="soft">
          Choose two rows of{" "}
          <a class="link" href={href("executions", { q: "type:workflow" })}>Executions</a>, or enter their
          ids.
        </p>
        <div class="pair gap">
          <Field label="One id" value={one} onInput={setOne} required />
          <Field label="Another id" value={other} onInput={setOther} required />
        </div>
        <Button type="submit" kind="first">Compare</Button>
      </form>
    </section>
  );
}

function Choose({ one }: { one: string }): JSX.Element {
  const { data, error } = usePage<Whole>(`executions/${one}`);
  const target = data?.execution.target;
  const list = usePage<RowPage>(
    target === undefined ? null : `executions?${searchOf({ type: "workflow", target }, { limit: "20" })}`,
  );
  if (data === undefined) return error === undefined ? <Bones rows={6} /> : <Trouble error={error} />;
  const rows = list.data?.rows.filter(({ id }) => id !== one);
  return (
    <section class="panel" aria-label="Which other one">
      <header>
        <h2>{visible(target!)} {shortId(one)} and …</h2>
        <span class="end">the last ones of the same flow</span>
      </header>
      {rows === undefined && <Bones rows={4} />}
      {rows?.length === 0 && (
        <Empty title="There is no other run of this flow">
          <a class="link" href={executionHref(one)}>Back to it</a>
        </Empty>
      )}
      <ul class="lines2">
        {rows?.map((row) => (
          <li key={row.id}>
            <a class="link mono" href={withQuery({ other: row.id })}>{shortId(row.id)}</a>
            <State status={row.status} paused={row.pausedAt} />
            <span class="soft">version {row.version}</span>
            <span class="grow cut bad">{row.errorMessage === null ? "" : visible(row.errorMessage)}</span>
            <span class="soft">
              <Time at={row.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const WORDS = {
  took: "what they took",
  started: "what they started",
  state: "their variables",
  end: "how they ended",
};

function Both({ one, other }: { one: string; other: string }): JSX.Element {
  const { data, error } = usePage<Comparison>(`compare?${new URLSearchParams({ one, other })}`);
  if (data === undefined) return error === undefined ? <Bones rows={12} /> : <Trouble error={error} />;
  const { sides, part } = data;
  const [left, right] = sides as [Side, Side];
  const isSame = left.version === right.version && left.target === right.target;
  const inputs = changesOf(left.inputs, right.inputs);
  return (
    <>
      {error !== undefined && <Trouble error={error} />}
      <div class={`notice ${part === null ? "good" : "wait"}`} role="status">
        <b>{part === null ? "They do the same, step by step." : `They part at step ${part.step}.`}</b>
        {part !== null && (
          <span>
            They differ in {part.differs.map((name) => WORDS[name]).join(", ")}
            {". After it, "}
            {part.lines.map((lines, nth) => (
              <>
                {nth > 0 && ", "}
                {nth === 0 ? "the first " : "the second "}
                {lines.length === 0
                  ? sides[nth]!.completedAt === null ? "has not come so far" : "has ended"
                  : `stands in line ${[...new Set(lines)].join(", ")}`}
              </>
            ))}.
          </span>
        )}
      </div>
      <div class="halves">
        {sides.map((side, nth) => <Head key={side.id} {...{ side, nth, step: part?.step }} />)}
      </div>
      {inputs.length > 0 && (
        <Changes title="Inputs that differ" rows={inputs.map(([name, from, to]) => ["", name, from, to])} />
      )}
      {part !== null && part.changes.length > 0 && (
        <Changes
          title={`Variables that differ after step ${part.step}`}
          rows={part.changes.flatMap(({ function: name, line, variables }) =>
            Object.entries(variables).map((
              [variable, { from, to }],
            ): [string, string, Json | undefined, Json | undefined] => [
              `${name === "" || name === "main" ? "" : `${name}(), `}line ${line.from ?? "–"}${
                line.from === line.to ? "" : ` and ${line.to ?? "–"}`
              }`,
              variable,
              from,
              to,
            ])
          )}
        />
      )}
      {!isSame && left.target === right.target && (
        <section class="panel" aria-label="Their versions">
          <header>
            <h2>Their versions differ</h2>
            <span class="soft">{left.version} → {right.version}</span>
          </header>
          <Difference before={left.source} after={right.source} />
        </section>
      )}
      {part !== null && (
        <div class="halves gap">
          {sides.map((side, nth) => (
            <section
              key={side.id}
              class="panel"
              aria-label={`Source of the ${nth === 0 ? "first" : "second"}`}
            >
              <header>
                <h2>{visible(side.target)}.flow</h2>
                <span class="end">
                  version {side.version}, step {part.step}
                </span>
              </header>
              <Source
                source={side.source}
                fibres={part.lines[nth]!.map(fibreAt)}
                label={`Source of the ${nth === 0 ? "first" : "second"} run`}
              />
            </section>
          ))}
        </div>
      )}
    </>
  );
}

function fibreAt(line: number): Fibre {
  return { function: "", line, column: 1, variables: {}, waitsFor: [] };
}

function Head({ side, nth, step }: { side: Side; nth: number; step: number | undefined }): JSX.Element {
  const { id, target, status, version, createdAt, completedAt } = side;
  const end = completedAt === null ? now.value : Date.parse(completedAt);
  return (
    <section class="panel pad" aria-label={nth === 0 ? "The first" : "The second"}>
      <div class="row wrap">
        <b>{visible(target)}</b>
        <Id id={id} />
        <State status={status} />
      </div>
      <p class="soft">
        version {version} · created {ago(createdAt, now.value)} · {completedAt === null ? "so far" : "took"}
        {" "}
        {duration(end - Date.parse(createdAt))}
        {step !== undefined && step > 1 && (
          <>
            {" "}· <a class="link" href={executionHref(id, { step: String(step - 1) })}>the step before</a>
          </>
        )}
      </p>
    </section>
  );
}

function Changes({ title, rows }: {
  title: string;
  rows: readonly [where: string, name: string, from: Json | undefined, to: Json | undefined][];
}): JSX.Element {
  const said = (value: Json | undefined): JSX.Element =>
    value === undefined ? <span class="faint">–</span> : <code>{inline(value, 300)}</code>;
  const hasPlace = rows.some(([where]) => where !== "");
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
        <table class="values">
          <thead>
            <tr>
              {hasPlace && <th>Where</th>}
              <th>Name</th>
              <th>The first</th>
              <th>The second</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 100).map(([where, name, from, to], index) => (
              <tr key={index}>
                {hasPlace && <td class="soft">{where}</td>}
                <td class="mono">{visible(name)}</td>
                <td>{said(from)}</td>
                <td>{said(to)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function changesOf(one: Json, other: Json): [string, Json | undefined, Json | undefined][] {
  const isTree = (value: Json): value is { [name: string]: Json } =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isTree(one) || !isTree(other)) {
    return JSON.stringify(one) === JSON.stringify(other) ? [] : [["inputs", one, other]];
  }
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]))
    .map((name) => [name, one[name], other[name]]);
}
