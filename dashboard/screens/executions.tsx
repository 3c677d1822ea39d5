/** Executions: which ones are there, and what to do to many of them. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, refresh, usePage } from "../api.ts";
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
import { go, href, place, withQuery } from "../router.ts";
import {
  Bones,
  Button,
  complain,
  Dialog,
  Empty,
  executionHref,
  Field,
  Id,
  say,
  State,
  Time,
  Trouble,
  useKeys,
} from "../ui.tsx";
import type { Operation, Row, RowPage } from "../wire.ts";

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
  const { data, error } = usePage<RowPage>(key);
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
      {query.problem !== undefined && (
        <div class="notice bad" role="alert">
          <b>The search cannot be read</b> {query.problem}
        </div>
      )}
      {error !== undefined && <Trouble error={error} />}
      {rows === undefined && error === undefined && query.problem === undefined && <Bones rows={12} />}
      {rows?.length === 0 && <Nothing isFiltered={text !== ""} isLater={cursor !== undefined} />}
      {rows !== undefined && rows.length > 0 && (
        <>
          <div class="panel scroll">
            <List
              {...{ rows, chosen, cursorAt }}
              onChoose={choose}
              onChooseAll={() =>
                setChosen(chosen.size === rows.length ? new Set() : new Set(rows.map(({ id }) => id)))}
            />
          </div>
          <Pager cursor={held.shown!.cursor} isLater={cursor !== undefined} />
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
      const page = { rows, cursor: before.cursor };
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
    </Empty>
  );
}

/** The table of executions. */
export function List({ rows, chosen, cursorAt, onChoose, onChooseAll }: {
  rows: readonly Row[];
  chosen: ReadonlySet<string>;
  cursorAt: string | undefined;
  onChoose: (id: string) => void;
  onChooseAll: () => void;
}): JSX.Element {
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
          <th class="c-queue">Queue</th>
          <th class="c-time">Created</th>
          <th class="c-took num">Took</th>
          <th class="c-id num">Id</th>
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
            <td class="c-queue">
              <span class="cut soft">{row.queue}</span>
            </td>
            <td class="c-time soft">
              <Time at={row.createdAt} />
            </td>
            <td class="c-took num soft">{took(row)}</td>
            <td class="c-id num">
              <Id id={row.id} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where an execution stands, in one line: what it waits for, the error, or why it does not begin. */
export function Where({ row }: { row: Row }): JSX.Element {
  if (row.status === "failed") {
    const text = `${row.errorType ?? "Error"}: ${row.errorMessage ?? ""}`;
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

function Pager({ cursor, isLater }: { cursor: string | null; isLater: boolean }): JSX.Element | null {
  if (cursor === null && !isLater) return null;
  return (
    <div class="bar gap">
      {isLater && <a class="button" href={withQuery({ after: undefined })}>Newest</a>}
      {isLater && <Button onClick={() => history.back()}>Newer</Button>}
      {cursor !== null && <a class="button" href={withQuery({ after: cursor })}>Older</a>}
      {cursor === null && <span class="soft">These were all</span>}
    </div>
  );
}

type Action = "cancel" | "retry" | "signal" | "pause" | "resume";
const ACTIONS: [Action, string][] = [
  ["retry", "Retry"],
  ["signal", "Signal"],
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
          {...{ action, filter }}
          ids={allMatching ? undefined : [...chosen]}
          onDone={onDone}
          onClose={() => setAction(undefined)}
        />
      )}
    </div>
  );
}

function BulkDialog({ action, ids, filter, onDone, onClose }: {
  action: Action;
  ids: string[] | undefined;
  filter: Filter;
  onDone: () => void;
  onClose: () => void;
}): JSX.Element {
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const [payload, setPayload] = useState("null");
  const [dryRun, setDryRun] = useState(false);
  const [at, setAt] = useState(0);
  const stopped = useRef(false);
  useEffect(() => () => {
    stopped.current = true;
  }, []);
  const label = ACTIONS.find(([one]) => one === action)![1];
  const body = (): Record<string, unknown> => {
    if (action === "signal") return { payload: JSON.parse(payload) };
    return (action === "cancel" || action === "pause") && reason !== "" ? { reason } : {};
  };
  const all = async (): Promise<void> => {
    const request = {
      action,
      filter: bodyOf(filter),
      dryRun,
      ...body(),
      ...(action === "signal" ? { name } : {}),
    };
    const operation = await ask<Operation>("POST", "operations", request);
    onDone();
    go(href(`operations/${operation.id}`));
  };
  const these = async (): Promise<void> => {
    const refused: string[] = [];
    const given = body();
    for (const [index, id] of ids!.entries()) {
      if (stopped.current) break;
      setAt(index + 1);
      const verb = action === "signal" ? `signals/${encodeURIComponent(name)}` : action;
      await ask("POST", `executions/${id}/${verb}`, given).catch((error) =>
        refused.push((error as Error).message)
      );
    }
    refresh("executions");
    if (refused.length > 0) complain(new Error(`${refused.length} of ${ids!.length} refused: ${refused[0]}`));
    else say(`${label}: done for ${many(ids!.length, "execution")}`);
    onDone();
  };
  return (
    <Dialog
      title={`${label} ${ids === undefined ? "all that match" : many(ids.length, "execution")}`}
      go={dryRun ? "Try it" : label}
      kind={action === "cancel" && !dryRun ? "danger first" : "first"}
      onClose={onClose}
      onGo={ids === undefined ? all : these}
    >
      <p>
        {ids === undefined
          ? "An operation goes through all of them in the database, in pieces. You can watch it, and stop it."
          : "Each of them is asked, one after the other. Closing this stops after the current one."}
      </p>
      {ids === undefined && <pre class="raw mono">{JSON.stringify(filter)}</pre>}
      {(action === "cancel" || action === "pause") && (
        <Field label="Why" value={reason} onInput={setReason} hint="It is kept with each of them" />
      )}
      {action === "signal" && (
        <Field label="Signal" value={name} onInput={setName} placeholder="approval" required />
      )}
      {action === "signal" && (
        <Field label="Payload, as JSON" value={payload} onInput={setPayload} lines={4} />
      )}
      {ids === undefined && (
        <label class="check">
          <input type="checkbox" checked={dryRun} onChange={() => setDryRun(!dryRun)} />
          Only say what it would change
        </label>
      )}
      {at > 0 && (
        <div class="progress">
          <div style={{ width: `${(100 * at) / ids!.length}%` }} />
        </div>
      )}
    </Dialog>
  );
}
