/** A console for queries, with the views beside it. Queries are saved in this browser. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, session, usePage } from "../api.ts";
import { count, visible } from "../format.ts";
import { Bones, Button, complain, Copy, Empty, Field, Sheet, Trouble } from "../ui.tsx";

interface View {
  name: string;
  comment: string | null;
  columns: { name: string; type: string; comment: string | null }[];
}

interface Answer {
  columns: string[];
  rows: (string | null)[][];
  hasMore: boolean;
  ms: number;
}

interface Saved {
  name: string;
  query: string;
}

const KEY = "rhythm queries";

function examples(schema: string): Saved[] {
  return [
    {
      name: "What waits longest",
      query:
        `select id, target, created_at\nfrom ${schema}.executions\nwhere status = 'suspended'\norder by created_at\nlimit 20`,
    },
    {
      name: "Failures by target",
      query:
        `select target, error_type, sum(count) as failed\nfrom ${schema}.failures\ngroup by 1, 2\norder by 3 desc`,
    },
  ];
}

/** The screen. */
export function Sql(): JSX.Element {
  const { data, error } = usePage<{ views: View[]; problem: string | null; isEmbedded: boolean }>("sql");
  const schema = session.value?.schema ?? "rhythm";
  const [saved, setSaved] = useState(readSaved);
  const [query, setQuery] = useState(() => saved[0]?.query ?? examples(schema)[0]!.query);
  const [name, setName] = useState("");
  const [answer, setAnswer] = useState<Answer>();
  const [trouble, setTrouble] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    try {
      setAnswer(await ask<Answer>("POST", "sql", { query }));
    } catch (error) {
      setAnswer(undefined);
      setTrouble((error as Error).message);
    }
    setBusy(false);
  };
  const keep = (next: Saved[]): void => {
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
      setSaved(next);
    } catch {
      complain(new Error("This browser stores nothing for this page"));
    }
  };
  const title = (
    <div class="title">
      <h1 tabIndex={-1}>SQL</h1>
      <span class="soft">reads only, at most 10 s and 1,000 rows</span>
    </div>
  );
  if (session.value?.metadataOnly) {
    return (
      <>
        {title}
        <Empty title="Your token is for metadata only">
          <p>A query could show inputs, outputs and variables.</p>
        </Empty>
      </>
    );
  }
  if (data === undefined) return <>{title}{error === undefined ? <Bones /> : <Trouble error={error} />}</>;
  return (
    <>
      {title}
      {data.problem !== null && (
        <div class="notice wait">
          <b>The console needs a login of its own</b>
          <span>{visible(data.problem)}</span>
        </div>
      )}
      {data.isEmbedded && (
        <div class="notice">
          <b>This is an embedded database</b>
          <span>
            Queries can read all of it, and change nothing. On a server they see what rhythm_viewer sees.
          </span>
        </div>
      )}
      <div class="split">
        <div>
          <form
            class="panel pad"
            onSubmit={(event) => {
              event.preventDefault();
              void run();
            }}
          >
            <label class="field">
              <span>Query</span>
              <textarea
                class="mono"
                rows={8}
                value={query}
                spellcheck={false}
                autocapitalize="off"
                onInput={(event) => setQuery(event.currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                  event.preventDefault();
                  void run();
                }}
              />
            </label>
            <div class="row wrap">
              <Button type="submit" kind="first" disabled={isBusy || data.problem !== null}>
                {isBusy ? "Running" : "Run"}
              </Button>
              <kbd>Ctrl Enter</kbd>
              <span class="grow" />
              {answer !== undefined && answer.rows.length > 0 && (
                <>
                  <Copy text={csv(answer)} label="Copy as CSV" />
                  <button type="button" class="plain" onClick={() => download(csv(answer))}>
                    Download CSV
                  </button>
                </>
              )}
            </div>
          </form>
          {trouble !== undefined && <div class="notice bad" role="alert">{visible(trouble)}</div>}
          {answer !== undefined && <Result answer={answer} />}
        </div>
        <div>
          <div class="panel">
            <header>
              <h2>Saved queries</h2>
            </header>
            <ul class="pad">
              {[...saved, ...examples(schema)].map((one, index) => (
                <li key={one.name} class="row">
                  <button type="button" class="plain grow left" onClick={() => setQuery(one.query)}>
                    {visible(one.name)}
                  </button>
                  {index < saved.length && (
                    <Button
                      kind="icon"
                      aria-label={`Forget ${one.name}`}
                      onClick={() => keep(saved.filter((other) => other !== one))}
                    >
                      ×
                    </Button>
                  )}
                </li>
              ))}
            </ul>
            <form
              class="pad"
              onSubmit={(event) => {
                event.preventDefault();
                if (name.trim() === "") return;
                keep([{ name, query }, ...saved.filter((one) => one.name !== name)].slice(0, 50));
                setName("");
              }}
            >
              <Field label="Save this one as" hint="In this browser" value={name} onInput={setName} />
              <Button type="submit" disabled={name.trim() === ""}>Save</Button>
            </form>
          </div>
          <div class="panel">
            <header>
              <h2>Views</h2>
            </header>
            <div class="pad views">{data.views.map((view) => <OneView key={view.name} view={view} />)}</div>
          </div>
        </div>
      </div>
    </>
  );
}

function OneView({ view }: { view: View }): JSX.Element {
  return (
    <details>
      <summary class="mono">{view.name}</summary>
      {view.comment !== null && <p class="soft">{view.comment}</p>}
      <dl>
        {view.columns.map(({ name, type, comment }) => (
          <div key={name}>
            <dt>
              <code>{name}</code> <span class="faint">{type}</span>
            </dt>
            {comment !== null && <dd class="soft">{comment}</dd>}
          </div>
        ))}
      </dl>
    </details>
  );
}

/** What a query gave. */
export function Result({ answer }: { answer: Answer }): JSX.Element {
  const { columns, rows, hasMore, ms } = answer;
  return (
    <div class="panel">
      <header>
        <h2>Result</h2>
        <span class="end">
          {hasMore
            ? `the first ${count(rows.length)} rows`
            : rows.length === 1
            ? "1 row"
            : `${count(rows.length)} rows`}, {count(ms)} ms
        </span>
      </header>
      {rows.length === 0
        ? <Empty title="No rows" />
        : (
          <Sheet label="Result" heads={columns.map((name) => [name] as const)}>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((value, column) => (
                  <td key={column} class={value === null ? "faint" : "mono"} title={value ?? ""}>
                    {value === null
                      ? "null"
                      : <bdi>{visible(value.length > 200 ? `${value.slice(0, 200)}…` : value)}</bdi>}
                  </td>
                ))}
              </tr>
            ))}
          </Sheet>
        )}
    </div>
  );
}

// A spreadsheet takes what begins so for a formula.
function csv({ columns, rows }: Answer): string {
  const cell = (value: string | null): string => {
    const text = value ?? "";
    const safe = /^[=+@\t\r-]/.test(text) && !/^-?[\d.]+$/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "query.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function readSaved(): Saved[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(found)) return [];
    return found.filter((one): one is Saved =>
      typeof one?.name === "string" && typeof one?.query === "string"
    );
  } catch {
    return [];
  }
}
