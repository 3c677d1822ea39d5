/** Audit: what people did, who, to what, and what changed. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { usePage } from "../api.ts";
import { cut, inline, visible } from "../format.ts";
import { href, place, withQuery } from "../router.ts";
import { Bones, Button, Empty, Id, Sheet, Time, Trouble } from "../ui.tsx";
import type { AuditEntry, Json } from "../wire.ts";

const FILTERS = ["by", "act", "kind", "target"] as const;
const PAGE = 50;

/** What people did, the latest first. */
export function Audit(): JSX.Element {
  const { query } = place.value;
  const asked = new URLSearchParams();
  for (const name of [...FILTERS, "before"]) if (query.get(name)) asked.set(name, query.get(name)!);
  asked.set("limit", String(PAGE));
  const { data, error } = usePage<AuditEntry[]>(`audit?${asked}`);
  const chosen = FILTERS.filter((name) => query.get(name));
  const last = data?.length === PAGE ? data.at(-1) : undefined;
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Audit</h1>
        {chosen.map((name) => (
          <a
            key={name}
            class="badge"
            href={withQuery({ [name]: undefined, before: undefined })}
            aria-label={`Without ${name} ${query.get(name)}`}
          >
            {name}: {visible(query.get(name)!)} ×
          </a>
        ))}
      </div>
      {error !== undefined && <Trouble error={error} />}
      {data === undefined && error === undefined && <Bones />}
      {data?.length === 0 && (
        <Empty title={chosen.length === 0 ? "Nobody has done anything yet" : "Nothing of it is recorded"}>
          <p>What people pause, retry, change or deploy stands here, with who did it and why.</p>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <div class="panel">
          <Sheet label="Acts" heads={[["When"], ["Who"], ["Act"], ["What"], ["Why"], ["Change"]]}>
            {data.map((entry) => <Line key={entry.id} entry={entry} />)}
          </Sheet>
        </div>
      )}
      <div class="pager row">
        {query.get("before") && <Button onClick={() => history.back()}>Newer</Button>}
        {last !== undefined && <a class="button" href={withQuery({ before: String(last.id) })}>Older</a>}
      </div>
    </>
  );
}

function Line({ entry }: { entry: AuditEntry }): JSX.Element {
  const { at, by, role, act, kind, target, why, before, after } = entry;
  const [open, setOpen] = useState(false);
  const who = by ?? role;
  const hasChange = before !== null || after !== null;
  return (
    <tr>
      <td class="soft">
        <Time at={at} />
      </td>
      <td>
        <a
          class="link"
          href={withQuery({ by: who, before: undefined })}
          title={by === null ? "a database role" : `through the database role ${role}`}
        >
          {visible(who)}
        </a>
      </td>
      <td>
        <a class="link" href={withQuery({ act, before: undefined })}>{act}</a>
      </td>
      <td>
        <a class="soft" href={withQuery({ kind, before: undefined })}>{kind}</a>{" "}
        <Target {...{ kind, target }} />
      </td>
      <td class="soft" title={visible(why ?? "")}>{why === null ? "" : cut(visible(why), 60)}</td>
      <td>
        {hasChange && (
          <button
            type="button"
            class="toggle mono"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            title="What changed"
          >
            {open ? <Both {...{ before, after }} /> : changeOf(before, after)}
          </button>
        )}
      </td>
    </tr>
  );
}

function Both({ before, after }: { before: Json; after: Json }): JSX.Element {
  return (
    <>
      {before !== null && <span class="block was">{inline(before, 2_000)}</span>}
      {after !== null && <span class="block">{inline(after, 2_000)}</span>}
    </>
  );
}

function changeOf(before: Json, after: Json): string {
  if (before === null) return inline(after, 48);
  return after === null ? inline(before, 48) : `${inline(before, 24)} → ${inline(after, 24)}`;
}

const PLACES: Record<string, string> = {
  queue: "queues",
  schedule: "schedules",
  flow: "flows",
  operation: "operations",
};

/** The thing that something was done to, with a way to it where there is one. */
function Target({ kind, target }: { kind: string; target: string | null }): JSX.Element | null {
  if (target === null) return null;
  if (kind === "execution") return <Id id={target} />;
  const path = PLACES[kind];
  if (path === undefined) return <span class="mono">{cut(visible(target), 40)}</span>;
  const text = kind === "operation" ? target.slice(-8) : cut(visible(target), 40);
  return <a class="link mono" href={href(`${path}/${encodeURIComponent(target)}`)}>{text}</a>;
}
