/** Failures by their kind: what is new, how often it comes, and what is done about it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, refresh, session, usePage } from "../api.ts";
import { count, visible } from "../format.ts";
import { go, href, place } from "../router.ts";
import { Bones, Button, Dialog, Empty, executionHref, Field, say, Time, Trouble } from "../ui.tsx";
import type { Kind, Operation } from "../wire.ts";

const STATES = ["new", "known", "resolved", "ignored"] as const;

/** The list. */
export function Failures(): JSX.Element {
  const state = place.value.query.get("state") ?? undefined;
  const { data, error } = usePage<Kind[]>(
    state === undefined ? "failures" : `failures?state=${encodeURIComponent(state)}`,
  );
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Failures</h1>
      </div>
      <div class="bar">
        <nav class="tabs" aria-label="State">
          {[undefined, ...STATES].map((one) => (
            <a
              key={one}
              href={href("failures", { state: one })}
              aria-current={one === state ? "true" : undefined}
            >
              {one === undefined ? "All" : one[0]!.toUpperCase() + one.slice(1)}
            </a>
          ))}
        </nav>
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data?.length === 0 && (
        <Empty title={state === undefined ? "Nothing has failed" : `No kind of failures is ${state}`}>
          <p>Failures of the same kind, at the same place, come together here.</p>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <div class="panel">
          <ul>{data.map((kind) => <KindRow key={kind.fingerprint} kind={kind} />)}</ul>
        </div>
      )}
    </>
  );
}

/** How often it came in each of the last 24 hours. */
export function Trend({ trend }: { trend: readonly number[] }): JSX.Element {
  const most = Math.max(1, ...trend);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${trend.length * 4} 20`}
      role="img"
      aria-label={`${count(trend.reduce((a, b) => a + b, 0))} in 24 hours`}
    >
      {trend.map((number, index) => {
        const high = number === 0 ? 1 : Math.max(3, (20 * number) / most);
        return (
          <rect
            key={index}
            class={number === 0 ? "zero" : ""}
            x={index * 4}
            y={20 - high}
            width="3"
            height={high}
          />
        );
      })}
    </svg>
  );
}

function KindRow({ kind }: { kind: Kind }): JSX.Element {
  const [open, setOpen] = useState<"state" | "retry">();
  const executions = href("executions", { q: `status:failed failure:${kind.fingerprint}` });
  return (
    <li class="kind">
      <div class="row wrap">
        <span class={`badge ${kind.state}`}>{kind.state}</span>
        <b>{visible(kind.target)}</b>
        <span class="bad">{visible(kind.errorType ?? "Error")}</span>
        <span class="grow" />
        <Trend trend={kind.trend} />
        <span class="soft" title="how often it came">
          <b>{count(kind.count)}</b> {kind.count === 1 ? "time" : "times"}
        </span>
      </div>
      <p class="message">
        {session.value?.metadataOnly === true
          ? <span class="faint">Its message is hidden from tokens for metadata only</span>
          : <bdi>{visible(kind.message ?? "")}</bdi>}
      </p>
      <div class="row wrap soft">
        <span>
          first <Time at={kind.firstAt} /> · last <Time at={kind.lastAt} />
          {kind.versions.length > 0 && ` · version ${kind.versions.slice(0, 3).join(", ")}`}
        </span>
        {kind.note !== null && (
          <span>“{visible(kind.note)}”{kind.changedBy !== null && ` ${kind.changedBy}`}</span>
        )}
        <span class="grow" />
        <a class="link" href={executionHref(kind.exampleId)}>Last one</a>
        {kind.failed > 0 && <a class="link" href={executions}>{count(kind.failed)} failed now</a>}
        {kind.failed > 0 && (
          <Button needs="startOperation" onClick={() => setOpen("retry")}>
            Retry all
          </Button>
        )}
        <Button needs="setFailure" onClick={() => setOpen("state")}>Set state</Button>
      </div>
      {open === "state" && <StateDialog kind={kind} onClose={() => setOpen(undefined)} />}
      {open === "retry" && <RetryDialog kind={kind} onClose={() => setOpen(undefined)} />}
    </li>
  );
}

function StateDialog({ kind, onClose }: { kind: Kind; onClose: () => void }): JSX.Element {
  const [state, setState] = useState<string>(kind.state === "new" ? "known" : kind.state);
  const [note, setNote] = useState(kind.note ?? "");
  return (
    <Dialog
      title="What is known of it"
      go="Save"
      onClose={onClose}
      onGo={async () => {
        await ask("POST", `failures/${kind.fingerprint}`, { state, note });
        say(`It is ${state} now`);
        refresh("failures");
        refresh("pulse");
      }}
    >
      <label class="field">
        <span>State</span>
        <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
          <option value="new">New: nobody has looked</option>
          <option value="known">Known: somebody works on it</option>
          <option value="resolved">Resolved: new again if it comes again</option>
          <option value="ignored">Ignored: it does not matter</option>
        </select>
      </label>
      <Field label="Note" value={note} onInput={setNote} lines={3} />
    </Dialog>
  );
}

function RetryDialog({ kind, onClose }: { kind: Kind; onClose: () => void }): JSX.Element {
  const [dryRun, setDryRun] = useState(false);
  return (
    <Dialog
      title={`Retry ${count(kind.failed)} that failed so`}
      go={dryRun ? "Try it" : "Retry"}
      onClose={onClose}
      onGo={async () => {
        const filter = { fingerprint: kind.fingerprint, status: "failed" };
        const { id } = await ask<Operation>("POST", "operations", { action: "retry", filter, dryRun });
        go(href(`operations/${id}`));
      }}
    >
      <p>
        An operation runs each of them again, in the database and in pieces. You can watch it, and stop it.
      </p>
      <label class="check">
        <input type="checkbox" checked={dryRun} onChange={() => setDryRun(!dryRun)} />
        Only say what it would change
      </label>
    </Dialog>
  );
}
