/** Executions: which ones are there, and what to do to many of them. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, refresh, session, usePage } from "../api.ts";
import { count, cut, duration, many, now, shortId, visible } from "../format.ts";
import {
  bodyOf,
  type Filter,
  filterOf,
  having,
  parse,
  print,
  type Query,
  searchOf,
  type Term,
} from "../query.ts";
import { ChangeFields, type ChangeForm, changeOf, NO_CHANGE } from "../change.tsx";
import { ChooseColumns, columns } from "../columns.tsx";
import { go, href, place, withQuery } from "../router.ts";
import {
  Bones,
  Button,
  complain,
  Dialog,
  Empty,
  executionHref,
  Field,
  say,
  Share,
  Sheet,
  State,
  Time,
  Trouble,
  useKeys,
} from "../ui.tsx";
import type { Groups, Operation, Row, RowPage } from "../wire.ts";

const PAGE_ROWS = 50;
const TABS: [name: string, status: string | undefined][] = [
  ["All", undefined],
  ["Waiting", "waiting"],
  ["Running", "running"],
  ["Pending", "pending"],
  ["Failed", "failed"],
  ["Completed", "completed"],
  ["Cancelled", "cancelled"],
];
const KINDS: [name: string, type: string | undefined][] = [
  ["Both", undefined],
  ["Workflows", "workflow"],
  ["Tasks", "task"],
];

/** The list. */
export function Executions(): JSX.Element {
  const text = place.value.query.get("q") ?? "";
  const cursor = place.value.query.get("after") ?? undefined;
  const query = useMemo(() => parse(text), [text]);
  // Ages move once a minute, and with them the page.
  const minute = Math.floor(now.value / 60_000) * 60_000;
  const hasAge = query.terms.some(({ name }) => name === "age");
  const filter = useMemo(() => filterOf(query, minute), [query, hasAge ? minute : 0]);
  const more = { limit: String(PAGE_ROWS), ...(cursor === undefined ? {} : { cursor }) };
  const key = query.problem === undefined ? `executions?${searchOf(filter, more)}` : null;
  const group = GROUPS.find(([by]) => by === place.value.query.get("group"))?.[0];
  const { data, error } = usePage<RowPage>(group === undefined ? key : null);
  const held = useHeld(data, key);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [allMatching, setAllMatching] = useState(false);
  useEffect(() => {
    setChosen(new Set());
    setAllMatching(false);
  }, [text]);
  const rows = held.shown?.rows;
  const choose = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
    setAllMatching(false);
  };
  const cursorAt = useCursor(rows ?? [], choose);
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Executions</h1>
        {held.waiting > 0 && (
          <Button onClick={held.show}>
            {held.waiting >= PAGE_ROWS ? "Many new" : `${held.waiting} new`} · show
          </Button>
        )}
      </div>
      <Builder query={query} />
      <Tools text={text} group={group} />
      {query.problem !== undefined && (
        <div class="notice bad" role="alert">
          <b>The search cannot be read</b> {query.problem}
        </div>
      )}
      {group !== undefined && query.problem === undefined && <Grouped {...{ group, query, filter }} />}
      {error !== undefined && <Trouble error={error} />}
      {group === undefined && rows === undefined && error === undefined && query.problem === undefined && (
        <Bones rows={12} />
      )}
      {group === undefined && rows?.length === 0 && held.shown!.searchedTo === null && (
        <Nothing isFiltered={text !== ""} isLater={cursor !== undefined} />
      )}
      {group === undefined && held.shown != null && held.shown.searchedTo !== null && (
        <SearchOn key={key} page={held.shown} filter={filter} />
      )}
      {group === undefined && rows !== undefined && rows.length > 0 && (
        <>
          <div class="panel scroll">
            <List
              {...{ rows, chosen, cursorAt }}
              onChoose={choose}
              onChooseAll={() =>
                setChosen(chosen.size === rows.length ? new Set() : new Set(rows.map(({ id }) => id)))}
            />
          </div>
          <Pager page={held.shown!} isLater={cursor !== undefined} />
          {chosen.size > 0 && (
            <Bulk
              {...{ chosen, rows, filter, allMatching, isFiltered: text !== "" }}
              canMatch={held.shown!.cursor !== null || cursor !== undefined}
              onAll={() => setAllMatching(true)}
              onDone={() => {
                setChosen(new Set());
                setAllMatching(false);
              }}
            />
          )}
        </>
      )}
    </>
  );
}

const GROUPS: [by: string, name: string, term: string][] = [
  ["line", "line", "line"],
  ["error", "error", "failure"],
  ["version", "version", "version"],
  ["queue", "queue", "queue"],
  ["name", "flow or task", "name"],
  ["status", "status", "status"],
];

/** Saved searches, and what the list is grouped by. */
function Tools({ text, group }: { text: string; group: string | undefined }): JSX.Element {
  const [views, setViews] = useState(savedViews);
  const [isNaming, setNaming] = useState(false);
  const address = searchWith(text, group);
  const current = views.find((one) => searchWith(one.q, one.group) === address);
  const keep = (next: View[]): void => {
    setViews(next);
    try {
      localStorage.setItem(VIEWS, JSON.stringify(next));
    } catch (error) {
      complain(new Error(`This browser keeps nothing: ${(error as Error).message}`));
    }
  };
  return (
    <div class="bar">
      <label class="choice">
        <span class="hidden">Group by</span>
        <select
          value={group ?? ""}
          onChange={(event) => go(withQuery({ group: event.currentTarget.value, after: undefined }))}
        >
          <option value="">not grouped</option>
          {GROUPS.map(([by, name]) => <option key={by} value={by}>by {name}</option>)}
        </select>
      </label>
      {group === undefined && <ChooseColumns />}
      {views.length > 0 && (
        <nav class="tabs" aria-label="Saved views">
          {views.map((one) => (
            <a
              key={one.name}
              href={href("executions", { q: one.q, group: one.group })}
              aria-current={one === current ? "true" : undefined}
            >
              {visible(one.name)}
            </a>
          ))}
        </nav>
      )}
      {current !== undefined
        ? (
          <button type="button" class="plain" onClick={() => keep(views.filter((one) => one !== current))}>
            Forget this view
          </button>
        )
        : address !== "" && (
          <button type="button" class="plain" onClick={() => setNaming(true)}>Save as a view</button>
        )}
      {isNaming && (
        <NameDialog
          onGo={(name) =>
            keep([...views.filter((one) => one.name !== name), {
              name,
              q: text,
              ...(group === undefined ? {} : { group }),
            }])}
          onClose={() => setNaming(false)}
        />
      )}
    </div>
  );
}

interface View {
  readonly name: string;
  readonly q: string;
  readonly group?: string;
}

const VIEWS = "rhythm.views";

function searchWith(q: string, group: string | undefined): string {
  return `${q}${group === undefined ? "" : ` by ${group}`}`;
}

// What another version, or somebody by hand, has stored may be anything.
function savedViews(): View[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(VIEWS) ?? "[]");
    if (!Array.isArray(stored)) return [];
    return stored.filter((one): one is View =>
      typeof one?.name === "string" && typeof one.q === "string" &&
      (one.group === undefined || typeof one.group === "string")
    ).slice(0, 20);
  } catch {
    return [];
  }
}

function NameDialog({ onGo, onClose }: { onGo: (name: string) => void; onClose: () => void }): JSX.Element {
  const [name, setName] = useState("");
  return (
    <Dialog title="Save as a view" go="Save" onClose={onClose} onGo={() => onGo(name.trim())}>
      <p>It is kept in this browser. A link shows colleagues the same.</p>
      <Field label="Name" value={name} onInput={setName} placeholder="Orders that hang" required autoFocus />
    </Dialog>
  );
}

/** The executions that fit, in groups. */
function Grouped(
  { group, query, filter }: { group: string; query: Query; filter: Filter },
): JSX.Element {
  const { data, error } = usePage<Groups>(`groups?${searchOf(filter, { by: group })}`);
  if (data === undefined) return error === undefined ? <Bones rows={6} /> : <Trouble error={error} />;
  const { groups, most, searchedTo } = data;
  const [, name, term] = GROUPS.find(([by]) => by === group)!;
  const all = groups.reduce((sum, { executions }) => sum + executions, 0);
  const to = (value: string): string => href("executions", { q: print(having(query.terms, term, value)) });
  if (groups.length === 0 && searchedTo === null) {
    return <Nothing isFiltered={query.terms.length > 0} isLater={false} />;
  }
  return (
    <div class="panel">
      <Sheet
        label={`Executions by ${name}`}
        heads={[[name[0]!.toUpperCase() + name.slice(1)], ["Executions", "num"], ["Share"]]}
      >
        {groups.map((one) => ({ ...one, label: labelOf(group, one) })).map(({ value, label, executions }) => (
          <tr key={value ?? ""}>
            <td>
              {value === null
                ? <span class="faint">{label}</span>
                : (
                  <a class="link cut wide" href={to(value === "suspended" ? "waiting" : value)}>
                    {visible(label)}
                  </a>
                )}
            </td>
            <td class="num">{count(executions)}</td>
            <td>
              <Share part={executions} whole={all} label={`Share of ${label}`} />
            </td>
          </tr>
        ))}
      </Sheet>
      {all >= most && <p class="pad faint">Only the newest {count(most)} that fit are counted.</p>}
      {all < most && searchedTo !== null && (
        <p class="pad faint">
          Searched back to <Time at={searchedTo} />. What is older is not counted.
        </p>
      )}
    </div>
  );
}

function labelOf(by: string, { value, target, ...error }: Groups["groups"][number]): string {
  if (value === null) return NONE[by] ?? "none";
  if (by === "error") return `${target} · ${said(error)}`;
  return value === "suspended" ? "waiting" : value;
}

/** An error in one line. To whom it is hidden, it is said that it is. */
function said(
  { errorType, errorMessage, line }: Pick<Row, "errorType" | "errorMessage"> & { line?: string | null },
): string {
  const type = errorType ?? "Error";
  if (session.value?.metadataOnly !== true) return `${type}: ${errorMessage ?? ""}`;
  return `${type}${line == null ? "" : ` in line ${line}`} (its message is hidden)`;
}

const NONE: Record<string, string> = {
  error: "did not fail",
  line: "stands in no line",
  version: "has no version",
};

// New rows must not move those that somebody is about to click: they wait while the list is in use.
function useHeld(
  data: RowPage | undefined,
  key: string | null,
): { shown: RowPage | undefined; waiting: number; show: () => void } {
  const shown = useRef<{ page: RowPage | undefined; key: string | null }>({ page: undefined, key: null });
  const [, redraw] = useState(0);
  const isOther = shown.current.key !== key;
  const before = shown.current.page;
  if (data !== undefined && data !== before) {
    const isUsed = scrollY > 8 ||
      document.querySelector(".list tr:hover, .list tr[aria-selected=true]") !== null;
    const known = new Set(before?.rows.map(({ id }) => id));
    const added = data.rows.filter(({ id }) => !known.has(id)).length;
    if (isOther || before === undefined || before.rows.length === 0 || !isUsed || added === 0) {
      shown.current = { page: data, key };
    } else {
      // What is shown stays where it is, and is up to date.
      const fresh = new Map(data.rows.map((row) => [row.id, row]));
      const rows = before.rows.map((row) => fresh.get(row.id) ?? row);
      const page = { rows, cursor: before.cursor, searchedTo: before.searchedTo };
      return {
        shown: page,
        waiting: added,
        show: () => {
          shown.current = { page: data, key };
          scrollTo(0, 0);
          redraw((n) => n + 1);
        },
      };
    }
  } else if (isOther) shown.current = { page: data, key };
  return { shown: shown.current.page, waiting: 0, show: () => {} };
}

function useCursor(rows: readonly Row[], choose: (id: string) => void): string | undefined {
  const [at, setAt] = useState<string>();
  const index = rows.findIndex(({ id }) => id === at);
  const move = (by: number): void => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, index + by))];
    setAt(next?.id);
    requestAnimationFrame(() => document.querySelector("tr.cursor")?.scrollIntoView({ block: "nearest" }));
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => at !== undefined && index >= 0 && go(executionHref(at)),
    x: () => at !== undefined && index >= 0 && choose(at),
  });
  return at;
}

function Builder({ query }: { query: Query }): JSX.Element {
  const { terms } = query;
  const status = terms.find(({ name }) => name === "status")?.value;
  const type = terms.find(({ name }) => name === "type")?.value;
  const [adding, setAdding] = useState(false);
  const to = (next: readonly Term[]): string => href("executions", { q: print(next) });
  return (
    <div class="bar">
      <nav class="tabs" aria-label="Status">
        {TABS.map(([name, value]) => (
          <a
            key={name}
            href={to(having(terms, "status", value))}
            aria-current={(status === "suspended" ? "waiting" : status) === value ? "true" : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <nav class="tabs" aria-label="Kind">
        {KINDS.map(([name, value]) => (
          <a
            key={name}
            href={to(having(terms, "type", value))}
            aria-current={type === value ? "true" : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      {terms.filter(({ name }) => name !== "status" && name !== "type").map((term) => (
        <span key={`${term.name}${term.value}`} class="chip mono">
          {print([term])}
          <button
            type="button"
            aria-label={`Remove ${print([term])}`}
            onClick={() =>
              go(to(terms.filter((one) =>
                one !== term
              )))}
          >
            ×
          </button>
        </span>
      ))}
      <Button onClick={() => setAdding(true)}>+ Filter</Button>
      {adding && <AddFilter onAdd={(term) => go(to([...terms, term]))} onClose={() => setAdding(false)} />}
    </div>
  );
}

function AddFilter({ onAdd, onClose }: { onAdd: (term: Term) => void; onClose: () => void }): JSX.Element {
  const [name, setName] = useState("flow");
  const [own, setOwn] = useState("");
  const [value, setValue] = useState("");
  const isOwn = name === "meta." || name === "variable";
  const hints: Record<string, string> = {
    "age>": "such as 30m, 2d or 1w",
    "age<": "such as 30m, 2d or 1w",
    variable: "found only if the flow's front matter names it under index",
  };
  return (
    <Dialog
      title="Add a filter"
      go="Add"
      onClose={onClose}
      onGo={() => {
        const sign = name.startsWith("age") ? name.slice(3) as Term["sign"] : ":";
        const term: Term = {
          name: name === "variable"
            ? own
            : name === "meta."
            ? `meta.${own}`
            : name.startsWith("age")
            ? "age"
            : name,
          sign,
          value: value.trim(),
        };
        const { problem } = parse(print([term]));
        if (problem !== undefined || term.value === "" || term.name === "") {
          throw new Error(
            problem ?? "Enter a value",
          );
        }
        onAdd(term);
      }}
    >
      <label class="field">
        <span>What</span>
        <select value={name} onChange={(event) => setName(event.currentTarget.value)}>
          <option value="flow">Flow</option>
          <option value="task">Task</option>
          <option value="queue">Queue</option>
          <option value="variable">Variable</option>
          <option value="meta.">Metadata</option>
          <option value="age>">Older than</option>
          <option value="age<">Younger than</option>
          <option value="parent">Started by the execution</option>
          <option value="failure">Kind of failures</option>
        </select>
      </label>
      {isOwn && (
        <Field
          label={name === "variable" ? "Variable" : "Name in the metadata"}
          placeholder={name === "variable" ? "customer.id" : "region"}
          value={own}
          onInput={setOwn}
        />
      )}
      <Field label="Value" value={value} onInput={setValue} hint={hints[name] ?? ""} />
    </Dialog>
  );
}

function Nothing({ isFiltered, isLater }: { isFiltered: boolean; isLater: boolean }): JSX.Element {
  if (isLater) {
    return (
      <Empty title="These were all">
        <a class="link" href={withQuery({ after: undefined })}>Back to the newest</a>
      </Empty>
    );
  }
  if (isFiltered) {
    return (
      <Empty title="Nothing fits this search">
        <a class="link" href={href("executions")}>Show all executions</a>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has run yet">
      <p>Start a workflow in a terminal, and it appears here:</p>
      <pre>rhythm start hello '{"{"}"name": "Ada"{"}"}'</pre>
      <p>
        <Button needs="registerFlow" onClick={() => void runSample()}>Run a sample</Button>
      </p>
    </Empty>
  );
}

const SAMPLE = `\`\`\`
name: sample_hello
description: What a flow looks like. It waits for ten seconds, and for nothing else
input: { type: object, required: [name], properties: { name: { type: string } } }
\`\`\`
const { name } = Inputs
const greeting = \`Hello, \${name}!\`
await Timer.delay("10s")
return { greeting }
`;

async function runSample(): Promise<void> {
  try {
    await ask("PUT", "flows/sample_hello", { source: SAMPLE });
    const inputs = { name: "Ada" };
    const { id } = await ask<{ id: string }>("POST", "workflows/sample_hello/start", { inputs });
    go(href(`executions/${id}`));
  } catch (error) {
    complain(error);
  }
}

/** The table of executions. */
export function List({ rows, chosen, cursorAt, onChoose, onChooseAll }: {
  rows: readonly Row[];
  chosen: ReadonlySet<string>;
  cursorAt: string | undefined;
  onChoose: (id: string) => void;
  onChooseAll: () => void;
}): JSX.Element {
  const shown = columns();
  return (
    <table class="list">
      <caption class="hidden">Executions, newest first</caption>
      <thead>
        <tr>
          <th class="c-check">
            <input
              type="checkbox"
              aria-label="Choose all on this page"
              checked={chosen.size > 0 && chosen.size === rows.length}
              onChange={onChooseAll}
            />
          </th>
          <th class="c-status">Status</th>
          <th class="c-name">Name</th>
          <th class="c-where">Detail</th>
          {shown.map(({ key, head, look }) => <th key={key} class={look}>{head}</th>)}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr
            key={row.id}
            class={row.id === cursorAt ? "cursor" : ""}
            aria-selected={chosen.has(row.id) || undefined}
          >
            <td class="c-check">
              <input
                type="checkbox"
                aria-label={`Choose ${row.target} ${shortId(row.id)}`}
                checked={chosen.has(row.id)}
                onChange={() => onChoose(row.id)}
              />
            </td>
            <td class="c-status">
              <State status={row.status} paused={row.pausedAt} />
            </td>
            <td class="c-name">
              <span class="row">
                {row.parentId !== null && (
                  <span class="faint child" title="Started by another execution">↳</span>
                )}
                <a class="target cut" href={executionHref(row.id)} title={row.target}>
                  {visible(row.target)}
                </a>
              </span>
            </td>
            <td class="c-where">
              <Where row={row} />
            </td>
            {shown.map(({ key, look, cell }) => <td key={key} class={look}>{cell(row, took)}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where an execution stands, in one line: what it waits for, the error, or why it does not begin. */
export function Where({ row }: { row: Row }): JSX.Element {
  if (row.status === "failed") {
    const text = said(row);
    return <span class="cut bad" title={visible(text)}>{visible(cut(text, 200))}</span>;
  }
  if (row.status === "suspended" && row.waitKind !== null) return <Wait row={row} />;
  if (row.status === "cancelled") return <span class="cut soft">{visible(row.cancelReason ?? "")}</span>;
  if (row.note !== null && row.completedAt === null) return <span class="cut soft">{visible(row.note)}</span>;
  if (row.status === "pending" && row.runAt !== null && Date.parse(row.runAt) > now.value) {
    return (
      <span class="soft">
        begins <Time at={row.runAt} />
      </span>
    );
  }
  if (row.attempt > 1) {
    return (
      <span class="soft">attempt {row.attempt}{row.maxAttempts > 1 ? ` of ${row.maxAttempts}` : ""}</span>
    );
  }
  return <span />;
}

function Wait({ row }: { row: Row }): JSX.Element {
  const { waitKind: kind, waitName: name, waitUntil: until, waits } = row;
  const what = kind === "timer" ? "a timer" : kind === "signal" ? "signal " : "";
  return (
    <span class="cut">
      {what}
      {name !== null && <b>{visible(name)}</b>}
      {waits! > 1 && <span class="faint after">and {waits! >= 100 ? "many more" : `${waits! - 1} more`}
      </span>}
      {until !== null && (
        <span class="faint after">
          · {kind === "timer" ? "fires" : "gives up"} <Time at={until} />
        </span>
      )}
    </span>
  );
}

/** How long it took, or takes so far. */
export function took({ createdAt, startedAt, completedAt, type, status }: Row): string {
  const from = Date.parse(type === "task" ? startedAt ?? createdAt : createdAt);
  if (completedAt !== null) return duration(Date.parse(completedAt) - from);
  return status === "pending" && startedAt === null ? "" : duration(now.value - from);
}

function Pager({ page, isLater }: { page: RowPage; isLater: boolean }): JSX.Element | null {
  const { cursor, searchedTo } = page;
  if (cursor === null && !isLater) return null;
  return (
    <div class="bar gap">
      {isLater && <a class="button" href={withQuery({ after: undefined })}>Newest</a>}
      {isLater && <Button onClick={() => history.back()}>Newer</Button>}
      {cursor !== null && searchedTo === null && (
        <a class="button" href={withQuery({ after: cursor })}>Older</a>
      )}
      {cursor === null && <span class="soft">These were all</span>}
    </div>
  );
}

/** How far a search has looked that did not find a whole page, and a way on: the server looks at so many at a time. */
function SearchOn({ page, filter }: { page: RowPage; filter: Filter }): JSX.Element {
  const [reached, setReached] = useState<Pick<RowPage, "cursor" | "searchedTo">>(page);
  const [isUnderWay, setUnderWay] = useState(false);
  const turn = useRef(0);
  const stop = (): void => {
    turn.current++;
    setUnderWay(false);
  };
  useEffect(() => () => void turn.current++, []);
  const goOn = async (): Promise<void> => {
    const mine = ++turn.current;
    setUnderWay(true);
    try {
      for (let { cursor } = reached; cursor !== null;) {
        const more = { limit: String(PAGE_ROWS), cursor };
        const next: RowPage = await ask("GET", `pages/executions?${searchOf(filter, more)}`);
        if (mine !== turn.current) return;
        if (next.rows.length > 0) return go(withQuery({ after: cursor }));
        setReached(next);
        ({ cursor } = next);
      }
      stop();
    } catch (error) {
      if (mine !== turn.current) return;
      stop();
      complain(error);
    }
  };
  const to = reached.searchedTo;
  const found = page.rows.length === 0
    ? "Nothing fits so far"
    : `${many(page.rows.length, "execution")} so far`;
  return (
    <div class="notice" role="status">
      <b>{found}</b>
      {to === null ? <span>Nothing older fits</span> : (
        <span>
          Searched back to <Time at={to} />
        </span>
      )}
      {to !== null && (isUnderWay
        ? <Button onClick={stop}>Stop</Button>
        : <Button onClick={() => void goOn()}>Search on</Button>)}
    </div>
  );
}

function comparedHref([one, other]: string[]): string {
  return href("compare", { one, other });
}

type Action = "cancel" | "retry" | "repair" | "signal" | "pause" | "resume" | "change";
const ACTIONS: [Action, string][] = [
  ["retry", "Retry"],
  ["repair", "Repair"],
  ["signal", "Signal"],
  ["change", "Change"],
  ["pause", "Pause"],
  ["resume", "Resume"],
  ["cancel", "Cancel"],
];

function Bulk({ chosen, rows, filter, allMatching, isFiltered, canMatch, onAll, onDone }: {
  chosen: ReadonlySet<string>;
  rows: readonly Row[];
  filter: Filter;
  allMatching: boolean;
  isFiltered: boolean;
  canMatch: boolean;
  onAll: () => void;
  onDone: () => void;
}): JSX.Element {
  const [action, setAction] = useState<Action>();
  return (
    <div class="bulk" role="region" aria-label="What to do to those that are chosen">
      <b>{allMatching ? "All that match" : `${count(chosen.size)} chosen`}</b>
      {!allMatching && isFiltered && canMatch && chosen.size === rows.length && (
        <button type="button" class="plain" onClick={onAll}>Choose all that match</button>
      )}
      {chosen.size === 2 && !allMatching &&
        rows.filter((row) => chosen.has(row.id) && row.version !== null).length === 2 &&
        <a class="button" href={comparedHref([...chosen])}>Compare</a>}
      {ACTIONS.map(([name, label]) => (
        <Button
          key={name}
          kind={name === "cancel" ? "danger" : ""}
          needs="startOperation"
          onClick={() => setAction(name)}
        >
          {label}
        </Button>
      ))}
      <Button kind="icon" aria-label="Choose none" onClick={onDone}>×</Button>
      {action !== undefined && (
        <BulkDialog
          {...{
            action,
            filter,
            needs: action === "repair" ? flowOf(rows.filter(({ id }) => chosen.has(id))) : {},
          }}
          ids={allMatching ? undefined : [...chosen]}
          onDone={onDone}
          onClose={() => setAction(undefined)}
        />
      )}
    </div>
  );
}

// Versions belong to a flow: a repair has to name it.
function flowOf(rows: readonly Row[]): { target?: string } {
  const [first, ...others] = new Set(rows.map(({ target }) => target));
  return first !== undefined && others.length === 0 ? { target: first } : {};
}

function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is not JSON: ${(error as Error).message}. A text needs quotes`);
  }
}

function BulkDialog({ action, ids, needs, filter, onDone, onClose }: {
  action: Action;
  needs: { target?: string };
  ids: string[] | undefined;
  filter: Filter;
  onDone: () => void;
  onClose: () => void;
}): JSX.Element {
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const [payload, setPayload] = useState("null");
  const [dryRun, setDryRun] = useState(false);
  const [to, setTo] = useState("");
  const [set, setSet] = useState("");
  const [form, setForm] = useState<ChangeForm>(NO_CHANGE);
  const label = ACTIONS.find(([one]) => one === action)![1];
  const body = (): Record<string, unknown> => {
    if (action === "signal") return { name, payload: readJson(payload, "The payload") };
    if (action === "change") return { change: changeOf(form) };
    if (action === "repair") {
      return {
        ...(to.trim() === "" ? {} : { to: Number(to) }),
        ...(set.trim() === "" ? {} : { set: readJson(set, "What to set") }),
        ...(reason === "" ? {} : { note: reason }),
      };
    }
    return (action === "cancel" || action === "pause") && reason !== "" ? { reason } : {};
  };
  const start = async (): Promise<void> => {
    const operation = await ask<Operation>("POST", "operations", {
      ...{ action, dryRun, filter: ids === undefined ? bodyOf(filter) : { ...needs, ids } },
      ...body(),
    });
    onDone();
    const address = href(`operations/${operation.id}`);
    if (ids === undefined || dryRun || action === "repair") go(address);
    else {
      say(`${label}: an operation does it for ${many(ids.length, "execution")}`, {
        href: address,
        text: "Watch it",
      });
      refresh("executions");
    }
  };
  return (
    <Dialog
      title={`${label} ${ids === undefined ? "all that match" : many(ids.length, "execution")}`}
      go={dryRun ? "Try it" : label}
      kind={action === "cancel" && !dryRun ? "danger first" : "first"}
      onClose={onClose}
      onGo={start}
    >
      <p>
        An operation goes through them in the database, in pieces. You can watch it, and stop it.
      </p>
      {ids === undefined && <pre class="raw mono">{JSON.stringify(filter)}</pre>}
      {action === "change" && (
        <>
          <p>Only what has not begun is changed.</p>
          <ChangeFields form={form} onInput={setForm} />
        </>
      )}
      {action === "repair" && (
        <>
          <div class="pair">
            <Field
              label="Move to version"
              value={to}
              onInput={setTo}
              placeholder="as it is"
              hint="a version in which it is mended"
            />
            <Field
              label="Set variables, as JSON"
              value={set}
              onInput={setSet}
              placeholder='{"amount": 40}'
            />
          </div>
          <p>What failed then runs again from the line where it failed.</p>
        </>
      )}
      {(action === "cancel" || action === "pause" || action === "repair") && (
        <Field label="Why" value={reason} onInput={setReason} hint="It is kept with each of them" />
      )}
      {action === "signal" && (
        <Field label="Signal" value={name} onInput={setName} placeholder="approval" required />
      )}
      {action === "signal" && (
        <Field label="Payload, as JSON" value={payload} onInput={setPayload} lines={4} />
      )}
      <label class="check">
        <input type="checkbox" checked={dryRun} onChange={() => setDryRun(!dryRun)} />
        Only say what it would change
      </label>
    </Dialog>
  );
}
